import { createCipheriv, createHmac, type KeyObject, pbkdf2Sync } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { Secret } from '../../../../src/secret.js'
import { PKCS12_PURPOSE, pkcs12Derivation } from '../../../../src/x509/keys/key-derivation.js'
import { openPkcs12 } from '../../../../src/x509/formats/pkcs12.js'
import { readIdentity } from '../../../../src/x509/read-identity.js'
import { namedCert, PASSPHRASE, readCert } from '../../../support/certs.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { context, der, integer, octetString, oid, sequence } from '../der-writer.js'
import { mutated, readEitherWay } from '../only-our-errors.js'

const DATA = oid('1.2.840.113549.1.7.1')
const ENCRYPTED_DATA = oid('1.2.840.113549.1.7.6')
const SHA1 = sequence(oid('1.3.14.3.2.26'))
const SALT = octetString(Buffer.from('saltsalt'))
const IV = Buffer.alloc(16, 7)

const certificateBag = (certificate: Buffer): Buffer =>
  sequence(
    oid('1.2.840.113549.1.12.10.1.3'),
    context(0, sequence(oid('1.2.840.113549.1.9.22.1'), context(0, octetString(certificate)))),
  )
const keyBag = (key: Buffer): Buffer => sequence(oid('1.2.840.113549.1.12.10.1.1'), context(0, key))

const key = readCert('ec-p256.key.der')
const certificate = readCert('ec-p256.der')
const pair = [certificateBag(certificate), keyBag(key)]

/** The AuthenticatedSafe with one part, in the clear. */
const safe = (...bags: readonly Buffer[]): Buffer =>
  sequence(sequence(DATA, context(0, octetString(sequence(...bags)))))

const pfx = (content: Buffer, ...mac: readonly Buffer[]): Buffer =>
  sequence(integer(3), sequence(DATA, context(0, octetString(content))), ...mac)

const pbkdf2 = (...parameters: readonly Buffer[]): Buffer =>
  sequence(oid('1.2.840.113549.1.5.12'), sequence(SALT, ...parameters))

/** PBMAC1 of RFC 9579: PBKDF2 and HMAC, both with SHA-256. */
function pbmac1(content: Buffer, passphrase: string): Buffer {
  const hmac = sequence(oid('1.2.840.113549.2.9'))
  const derived = pbkdf2Sync(passphrase, 'saltsalt', 2048, 32, 'sha256')
  const algorithm = sequence(
    oid('1.2.840.113549.1.5.14'),
    sequence(pbkdf2(integer(2048), integer(32), hmac), hmac),
  )
  const digest = createHmac('sha256', derived).update(content).digest()
  return sequence(sequence(algorithm, octetString(digest)), SALT, integer(1))
}

async function sha1Mac(content: Buffer, passphrase: Secret | undefined): Promise<Buffer> {
  const settings = { salt: Buffer.from('saltsalt'), iterations: 5, digest: 'sha1' }
  const derived = await pkcs12Derivation(settings, PKCS12_PURPOSE.mac)(passphrase, 20)
  const digest = createHmac('sha1', derived).update(content).digest()
  return sequence(sequence(SHA1, octetString(digest)), SALT, integer(5))
}

/** The same value with indefinite lengths and OCTET STRINGs in pieces, as other programs write it. */
function asBer(bytes: Buffer): Buffer {
  const header = bytes[1]! < 0x80 ? 2 : 2 + (bytes[1]! & 0x7f)
  const tag = bytes[0]!
  const content = bytes.subarray(header)
  const children: Buffer[] = []
  if ((tag & 0x20) !== 0) {
    for (let at = 0; at < content.length;) {
      const size = elementBytes(content.subarray(at))
      children.push(asBer(content.subarray(at, at + size)))
      at += size
    }
  } else if (tag === 0x04) {
    for (let at = 0; at < content.length; at += 50) {
      children.push(octetString(content.subarray(at, at + 50)))
    }
  } else return bytes
  return Buffer.concat([Buffer.from([tag | 0x20, 0x80]), ...children, Buffer.alloc(2)])
}

function elementBytes(bytes: Buffer): number {
  const first = bytes[1]!
  if (first < 0x80) return 2 + first
  return 2 + (first & 0x7f) + bytes.readUIntBE(2, first & 0x7f)
}

const open = async (bytes: Buffer, passphrase?: Secret): ReturnType<typeof openPkcs12> =>
  openPkcs12({ name: 'certificate "x.p12"', bytes }, passphrase)

// That each container of OpenSSL's opens is in certs/README.md.
describe('openPkcs12', () => {
  for (const file of ['ec-p256.p12', 'ec-p256.old.p12', 'ec-p256.aria.p12', 'ec-p256.no-mac.p12']) {
    it(`says that the passphrase of ${file} is missing or wrong`, async () => {
      const bytes = readCert(file)
      await rejectsWithCode(open(bytes), 'ERR_RA_KEY_ENCRYPTED')
      await rejectsWithCode(open(bytes, new Secret('hunter2')), 'ERR_RA_PASSPHRASE_WRONG')
    })
  }

  it('needs no passphrase where the file has the empty one', async () => {
    const { keys } = await open(readCert('ec-p256.empty-passphrase.p12'))
    expect(keys).to.have.length(1)
  })

  it('tells no passphrase at all from the empty one', async () => {
    const content = safe(...pair)
    const { keys } = await open(pfx(content, await sha1Mac(content, undefined)))
    expect(keys).to.have.length(1)
  })

  it('finds the pair that belongs together among several keys', async () => {
    const other = readCert('ec-p384.key.pem').toString().split('-----')[2]!
    const bytes = pfx(safe(keyBag(Buffer.from(other, 'base64')), ...pair))
    const { privateKey } = await readIdentity({ certificate: { name: 'certificate "x"', bytes } })
    expect((privateKey as KeyObject).asymmetricKeyDetails?.namedCurve).to.equal('prime256v1')
  })

  it('looks into nested bags, and past those that it does not know', async () => {
    const nested = sequence(oid('1.2.840.113549.1.12.10.1.6'), context(0, sequence(...pair)))
    const unknown = sequence(oid('1.2.840.113549.1.12.10.1.5'), context(0, sequence()))
    const sdsi = sequence(oid('1.2.840.113549.1.9.22.2'), context(0, octetString()))
    const otherCertificate = sequence(oid('1.2.840.113549.1.12.10.1.3'), context(0, sdsi))
    const { certificates, keys } = await open(pfx(safe(unknown, otherCertificate, nested)))
    expect([certificates.length, keys.length]).to.deep.equal([1, 1])
  })

  it('checks the MAC of RFC 9579', async () => {
    const content = safe(...pair)
    const bytes = pfx(content, pbmac1(content, 'password'))
    expect((await open(bytes, new Secret('password'))).keys).to.have.length(1)
    await rejectsWithCode(open(bytes, new Secret('hunter2')), 'ERR_RA_PASSPHRASE_WRONG')
  })

  for (const { file, passphrase } of [
    { file: 'ec-p256.old.p12', passphrase: PASSPHRASE },
    { file: 'ec-p256.p12', passphrase: PASSPHRASE },
    { file: 'ec-p256.plain.p12', passphrase: undefined },
  ]) {
    it(`opens ${file} when it is written as BER`, async () => {
      const { certificates, keys } = await open(asBer(readCert(file)), passphrase)
      expect([certificates.length, keys.length]).to.deep.equal([1, 1])
    })
  }

  it('opens a part whose content is in pieces under an implicit tag', async () => {
    const derived = pbkdf2Sync('password', 'saltsalt', 1000, 16, 'sha1')
    const cipher = createCipheriv('aes-128-cbc', derived, IV)
    const data = Buffer.concat([cipher.update(sequence(...pair)), cipher.final()])
    const aes = sequence(oid('2.16.840.1.101.3.4.1.2'), octetString(IV))
    const algorithm = sequence(oid('1.2.840.113549.1.5.13'), sequence(pbkdf2(integer(1000)), aes))
    const pieces = context(0, octetString(data.subarray(0, 64)), octetString(data.subarray(64)))
    const part = sequence(
      ENCRYPTED_DATA,
      context(0, sequence(integer(0), sequence(DATA, algorithm, pieces))),
    )
    const { keys } = await open(pfx(sequence(part)), new Secret('password'))
    expect(keys).to.have.length(1)
  })

  const content = safe(...pair)
  const mac = (...parts: readonly Buffer[]): Buffer =>
    sequence(sequence(SHA1, octetString(Buffer.alloc(20))), SALT, ...parts)
  for (const { what, bytes } of [
    { what: 'a file cut short', bytes: readCert('ec-p256.p12').subarray(0, 500) },
    {
      what: 'a file that public keys protect',
      bytes: sequence(integer(3), sequence(ENCRYPTED_DATA, context(0, sequence()))),
    },
    {
      what: 'a MAC with an unknown hash',
      bytes: pfx(content, sequence(sequence(sequence(oid('1.2.3')), octetString()), SALT)),
    },
    {
      what: 'a million and one iterations for the MAC',
      bytes: pfx(content, mac(integer(1_000_001))),
    },
    { what: 'no iterations for the MAC', bytes: pfx(content, mac(integer(0))) },
    {
      what: 'more than a hundred certificates',
      bytes: pfx(safe(...Array.from({ length: 101 }, () => pair[0]!))),
    },
    {
      what: 'nesting without end',
      bytes: Buffer.from('30800201033080'.padEnd(4000, '3080'), 'hex'),
    },
    { what: 'something else in the place of the content', bytes: pfx(der(0x05)) },
  ]) {
    it(`refuses ${what}`, async () => {
      await rejectsWithCode(open(bytes, PASSPHRASE), 'ERR_RA_PKCS12_INVALID')
    })
  }

  for (const file of ['ec-p256.plain.p12', 'ec-p256.old.p12']) {
    it(`meets any change to ${file} with our error or none`, async () => {
      await fc.assert(fc.asyncProperty(mutated(readCert(file)), readEitherWay), {
        numRuns: 60,
        interruptAfterTimeLimit: 10_000,
      })
    })
  }

  it('says the same through readIdentity', async () => {
    const input = { certificate: namedCert('ec-p256.p12') }
    await rejectsWithCode(readIdentity(input), 'ERR_RA_KEY_ENCRYPTED')
  })
})
