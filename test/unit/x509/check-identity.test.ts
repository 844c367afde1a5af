import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { checkIdentity } from '../../../src/x509/check-identity.js'
import type { Identity } from '../../../src/x509/identity.js'
import { readIdentity } from '../../../src/x509/read-identity.js'
import { AT, namedCert, readCert } from '../../support/certs.js'
import { throwsWithCode } from '../../support/rejects.js'

const certificate = (file: string): X509Certificate => new X509Certificate(readCert(file))

// Every rule about the end-entity certificate has its row in certs/README.md; these are the rest.
describe('checkIdentity', () => {
  let good: Identity
  let chained: Identity
  before(async () => {
    good = await readIdentity({
      certificate: namedCert('ec-p256.pem'),
      privateKey: namedCert('ec-p256.key.pem'),
    })
    chained = await readIdentity({
      certificate: namedCert('chain.full.pem'),
      privateKey: namedCert('chain.key.pem'),
    })
  })

  for (const at of ['2020-01-01T00:00:00.000Z', '2120-01-01T00:00:00.000Z']) {
    it(`takes a certificate at the very instant ${at}, its first or last`, () => {
      checkIdentity(good, new Date(at))
    })
  }

  it('names the file of a certificate or key that it refuses', async () => {
    const unfit = await readIdentity({
      certificate: namedCert('ed25519.pem'),
      privateKey: namedCert('ed25519.key.pem', 'private key'),
    })
    const key = throwsWithCode(() => checkIdentity(unfit, AT), 'ERR_RA_KEY_UNSUPPORTED')
    expect(key.message).to.contain('private key "ed25519.key.pem"')
    const later = new Date('2130-01-01T00:00:00Z')
    const old = throwsWithCode(() => checkIdentity(good, later), 'ERR_RA_CERTIFICATE_EXPIRED')
    expect(old.message).to.contain('certificate "ec-p256.pem"')
  })

  it('says both instants of a certificate that is not valid yet', () => {
    const at = new Date('2019-12-31T23:59:59.999Z')
    const error = throwsWithCode(() => checkIdentity(good, at), 'ERR_RA_CERTIFICATE_NOT_YET_VALID')
    expect(error.message).to.contain('2020-01-01T00:00:00.000Z')
    expect(error.message).to.contain('2019-12-31T23:59:59.999Z')
  })

  it('says both instants of a certificate that has expired', () => {
    const at = new Date('2120-01-01T00:00:00.001Z')
    const error = throwsWithCode(() => checkIdentity(good, at), 'ERR_RA_CERTIFICATE_EXPIRED')
    expect(error.message).to.contain('2120-01-01T00:00:00.000Z')
    expect(error.message).to.contain('2120-01-01T00:00:00.001Z')
  })

  for (const { what, chain } of [
    { what: 'in the wrong order', chain: ['intermediate-1.pem', 'intermediate-2.pem'] },
    { what: 'with a gap', chain: ['intermediate-1.pem'] },
    { what: 'of another issuer', chain: ['other-intermediate.pem'] },
    { what: 'with an impostor', chain: ['intermediate-2.pem', 'intermediate-1.impostor.pem'] },
    { what: 'with an end-entity certificate', chain: ['ec-p256.pem'] },
  ]) {
    it(`refuses a chain ${what}`, () => {
      const identity = { ...chained, chain: chain.map(certificate) }
      throwsWithCode(() => checkIdentity(identity, AT), 'ERR_RA_CHAIN_INVALID')
    })
  }
})
