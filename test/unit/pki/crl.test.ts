import { expect } from 'chai'
import { type CertifiedKey, createRoot } from '../../../src/pki/certificate.js'
import { createCrl } from '../../../src/pki/crl.js'
import { rejectsWithCode } from '../../support/rejects.js'

const instants = {
  thisUpdate: new Date('2026-02-01T00:00:00Z'),
  nextUpdate: new Date('2026-03-01T00:00:00Z'),
}
const revokedAt = new Date('2026-01-15T00:00:00Z')

describe('createCrl', () => {
  let issuer: CertifiedKey
  before(async () => {
    issuer = await createRoot({
      commonName: 'Root',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2036-01-01T00:00:00Z'),
    })
  })

  it('writes PEM with the label and the line length that OpenSSL expects', async () => {
    const crl = await createCrl({ issuer, revocations: [], number: 1, ...instants })
    const lines = crl.trimEnd().split('\n')
    expect(lines[0]).to.equal('-----BEGIN X509 CRL-----')
    expect(lines.at(-1)).to.equal('-----END X509 CRL-----')
    expect(lines.slice(1, -2).every((line) => line.length === 64)).to.equal(true)
  })

  for (const [why, more] of [
    ['expires before it begins', { nextUpdate: instants.thisUpdate }],
    ['has the number 0', { number: 0 }],
    [
      'names a certificate twice',
      {
        revocations: [
          { serialNumber: '0a', revokedAt },
          { serialNumber: '0A', revokedAt },
        ],
      },
    ],
  ] as const) {
    it(`refuses a list that ${why}`, async () => {
      const params = { issuer, revocations: [], number: 1, ...instants, ...more }
      await rejectsWithCode(createCrl(params), 'ERR_RA_ARGUMENT_INVALID')
    })
  }
})
