import type { KeyObject } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ErrorCode } from '../../../src/errors.js'
import { type IdentityInput, readIdentity } from '../../../src/x509/read-identity.js'
import { namedCert, PASSPHRASE, readCert } from '../../support/certs.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { mutated, readEitherWay } from './only-our-errors.js'

const named = (bytes: Uint8Array | string, name = 'file "x"'): IdentityInput['certificate'] => ({
  name,
  bytes: Buffer.from(bytes),
})

const ec = { certificate: namedCert('ec-p256.pem'), privateKey: namedCert('ec-p256.key.pem') }

// What becomes of each format has its row in certs/README.md; these are the rest.
describe('readIdentity', () => {
  it('finds the end-entity certificate by its key, wherever it stands', async () => {
    const { certificate } = await readIdentity({
      certificate: namedCert('chain.shuffled.pem'),
      privateKey: namedCert('chain.key.pem'),
    })
    expect(certificate.subject).to.contain('CN=chain')
  })

  it('takes the later of two certificates for one key', async () => {
    const both = Buffer.concat([readCert('ec-p256.pem'), readCert('ec-p256.renewed.pem')])
    const { certificate } = await readIdentity({ ...ec, certificate: named(both) })
    expect(certificate.serialNumber).to.equal('1007')
  })

  it('takes the key that fits when a file has several', async () => {
    const both = Buffer.concat([readCert('ec-p384.key.pem'), readCert('ec-p256.key.pem')])
    const { privateKey } = await readIdentity({ ...ec, privateKey: named(both) })
    expect((privateKey as KeyObject).asymmetricKeyDetails?.namedCurve).to.equal('prime256v1')
  })

  it('does not open the key in the certificate file when another is named', async () => {
    const encrypted = readCert('ec-p256.pbes2-aes-256-cbc.key.pem')
    const combined = Buffer.concat([encrypted, readCert('ec-p256.pem')])
    await readIdentity({ ...ec, certificate: named(combined) })
  })

  it('ignores a passphrase when nothing is encrypted', async () => {
    await readIdentity({ ...ec, passphrase: PASSPHRASE })
  })

  it('names the certificates that it leaves out', async () => {
    const { warnings } = await readIdentity({
      ...ec,
      intermediates: namedCert('other-intermediate.pem'),
    })
    expect(warnings).to.deep.equal([
      'certificate "C=DE, O=Example, CN=Other Intermediate" is not part of the chain and was left out',
    ])
  })

  it('has no warnings for a root that nobody needs', async () => {
    const identity = await readIdentity({ ...ec, intermediates: namedCert('root.pem') })
    expect(identity).not.to.have.property('warnings')
  })

  it('names both files when key and certificate do not belong together', async () => {
    const privateKey = namedCert('rsa-2048.key.pem', 'private key')
    const { message } = await rejectsWithCode(
      readIdentity({ ...ec, privateKey }),
      'ERR_RA_KEY_MISMATCH',
    )
    expect(message).to.contain('certificate "ec-p256.pem"')
    expect(message).to.contain('private key "rsa-2048.key.pem"')
  })

  const noise = Buffer.alloc(1024 * 1024)
  for (let at = 0, state = 1; at < noise.length; at++) {
    state = (state * 48271) % 0x7fffffff
    noise[at] = state
  }
  const text = (file: string): string => readCert(file).toString('latin1')
  const cases: readonly { what: string; input: IdentityInput; code: ErrorCode }[] = [
    {
      what: 'a certificate file of 1 MiB of noise',
      input: { ...ec, certificate: named(noise) },
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'a certificate file above 1 MiB',
      input: { ...ec, certificate: named(Buffer.alloc(1024 * 1024 + 1)) },
      code: 'ERR_RA_CERTIFICATE_INVALID',
    },
    {
      what: 'a key file above 1 MiB',
      input: { ...ec, privateKey: named(Buffer.alloc(1024 * 1024 + 1)) },
      code: 'ERR_RA_KEY_INVALID',
    },
    {
      what: 'an empty certificate file',
      input: { ...ec, certificate: named('') },
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'an empty key file',
      input: { ...ec, privateKey: named('') },
      code: 'ERR_RA_KEY_UNREADABLE',
    },
    {
      what: 'one byte',
      input: { ...ec, privateKey: named('0') },
      code: 'ERR_RA_KEY_UNREADABLE',
    },
    {
      what: 'a block that is no certificate',
      input: {
        ...ec,
        certificate: named(text('ec-p256.key.pem').replaceAll('PRIVATE KEY', 'CERTIFICATE')),
      },
      code: 'ERR_RA_CERTIFICATE_INVALID',
    },
    {
      what: 'a block that is no key',
      input: {
        ...ec,
        privateKey: named(text('ec-p256.pem').replaceAll('CERTIFICATE', 'PRIVATE KEY')),
      },
      code: 'ERR_RA_KEY_INVALID',
    },
    {
      what: 'an OpenSSH key',
      input: {
        ...ec,
        privateKey: named(text('ec-p256.key.pem').replaceAll('PRIVATE', 'OPENSSH PRIVATE')),
      },
      code: 'ERR_RA_KEY_MISSING',
    },
    {
      what: 'a Java key store',
      input: { ...ec, certificate: named(Buffer.from('feedfeed00000002', 'hex')) },
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'a Java key store of the type JCEKS',
      input: { ...ec, certificate: named(Buffer.from('cececece00000002', 'hex')) },
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'base64 of a PEM file',
      input: { ...ec, certificate: named(readCert('ec-p256.pem').toString('base64')) },
      code: 'ERR_RA_CERTIFICATE_UNREADABLE',
    },
    {
      what: 'more than ten keys',
      input: { ...ec, privateKey: named(text('ec-p256.key.pem').repeat(11)) },
      code: 'ERR_RA_KEY_INVALID',
    },
    {
      what: 'intermediates without a certificate',
      input: { ...ec, intermediates: namedCert('public-key.pem') },
      code: 'ERR_RA_CERTIFICATE_MISSING',
    },
  ]
  for (const { what, input, code } of cases) {
    it(`refuses ${what}, and says what to do`, async () => {
      const { hint } = await rejectsWithCode(readIdentity(input), code)
      expect(hint).to.be.a('string')
    })
  }

  it('refuses keys of one file that together ask for too much key derivation', async () => {
    // Ten million and one iterations, made one less than ten million: few enough for one key alone.
    const der = Buffer.from(
      text('ec-p256.pbes2-iterations.key.pem').replaceAll(/-.*-/g, ''),
      'base64',
    )
    der[der.indexOf('989681', 0, 'hex') + 2] = 0x7f
    const costly = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${der.toString('base64')}\n-----END ENCRYPTED PRIVATE KEY-----\n`
    const privateKey = named(text('ec-p256.pbes2-aes-256-cbc.key.pem') + costly)
    const reading = readIdentity({ ...ec, privateKey, passphrase: PASSPHRASE })
    const { message } = await rejectsWithCode(reading, 'ERR_RA_KEY_INVALID')
    expect(message).to.contain('key derivation')
  })

  it('does not put the content of a file in a message', async () => {
    const error = await rejectsWithCode(
      readIdentity({ ...ec, certificate: named('hunter2'), privateKey: named('hunter2') }),
      'ERR_RA_CERTIFICATE_UNREADABLE',
    )
    expect(`${error.message} ${error.hint ?? ''}`).not.to.contain('hunter2')
  })

  it('meets any bytes with our error or none', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), readEitherWay))
  })

  for (const file of [
    'ec-p256.der',
    'ec-p256.key.der',
    'rsa-2048.pkcs1.key.der',
    'chain.full.pem',
  ]) {
    it(`meets any change to ${file} with our error or none`, async () => {
      await fc.assert(fc.asyncProperty(mutated(readCert(file)), readEitherWay))
    })
  }
})
