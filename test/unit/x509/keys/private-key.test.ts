import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { Secret } from '../../../../src/secret.js'
import { readFileContents } from '../../../../src/x509/formats/file-contents.js'
import { DerivationBudget, MAX_ITERATIONS } from '../../../../src/x509/keys/key-derivation.js'
import { openPrivateKey } from '../../../../src/x509/keys/private-key.js'
import { namedCert, PASSPHRASE, readCert } from '../../../support/certs.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { HAS_VECTORS, VECTORS } from '../../../support/shared-vectors.js'
import { integer, octetString, oid, sequence } from '../der-writer.js'
import { mutated, readEitherWay } from '../only-our-errors.js'

const open = async (file: string, passphrase?: Secret): ReturnType<typeof openPrivateKey> =>
  openPrivateKey(readFileContents(namedCert(file), 'privateKey').keys[0]!, file, passphrase)

const ENCRYPTED = [
  'ec-p256.pbes2-aes-256-cbc.key.pem',
  'ec-p256.pbes2-aes-256-cfb.key.pem',
  'ec-p256.pbes2-aes-256-ofb.key.pem',
  'ec-p256.pbes2-scrypt.key.pem',
  'ec-p256.pbes2.key.der',
  'ec-p256.pbes1-sha1-3des.key.pem',
  'ec-p256.legacy-aes256.key.pem',
  'ec-p256.legacy-des3.key.pem',
]

// That each of them opens with its passphrase is in certs/README.md.
describe('openPrivateKey', () => {
  for (const file of ENCRYPTED) {
    it(`says that ${file} needs a passphrase, and how to give it`, async () => {
      const error = await rejectsWithCode(open(file), 'ERR_RA_KEY_ENCRYPTED')
      expect(error.hint).to.contain('--private-key-passphrase-file')
      expect(error.hint).to.contain('ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE')
      await rejectsWithCode(open(file, new Secret('')), 'ERR_RA_KEY_ENCRYPTED')
    })

    it(`says that the passphrase of ${file} is wrong`, async () => {
      for (const wrong of ['hunter2', 'pässphrase', 'pässphrase ✓ ']) {
        const error = await rejectsWithCode(
          open(file, new Secret(wrong)),
          'ERR_RA_PASSPHRASE_WRONG',
        )
        expect(`${error.message} ${error.hint}`).not.to.contain(wrong)
      }
    })
  }

  it('names the cipher that it cannot undo, and the command that converts the key', async () => {
    const error = await rejectsWithCode(
      open('ec-p256.pbes2-rc2-cbc.key.pem', PASSPHRASE),
      'ERR_RA_KEY_CIPHER_UNSUPPORTED',
    )
    expect(error.message).to.contain('rc2-cbc')
    expect(error.hint).to.contain('openssl pkcs8 -topk8')
  })

  const pbes2 = (kdf: Buffer, ivBytes = 16): Buffer =>
    sequence(
      sequence(
        oid('1.2.840.113549.1.5.13'),
        sequence(kdf, sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(Buffer.alloc(ivBytes)))),
      ),
      octetString(Buffer.alloc(32)),
    )
  const pbkdf2 = (...parameters: readonly Buffer[]): Buffer =>
    pbes2(
      sequence(oid('1.2.840.113549.1.5.12'), sequence(octetString(Buffer.alloc(8)), ...parameters)),
    )
  const kdf = sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(octetString(Buffer.alloc(8)), integer(1)),
  )
  const scrypt = (n: number, r: number, p: number): Buffer =>
    pbes2(
      sequence(
        oid('1.3.6.1.4.1.11591.4.11'),
        sequence(octetString(Buffer.alloc(8)), integer(n), integer(r), integer(p)),
      ),
    )
  for (const { what, key } of [
    { what: 'no iterations', key: pbkdf2(integer(0)) },
    { what: 'ten million and one iterations', key: pbkdf2(integer(10_000_001)) },
    { what: 'more iterations than can be counted', key: pbkdf2(integer(2 ** 52)) },
    { what: 'a derived key of the wrong length', key: pbkdf2(integer(1), integer(16)) },
    { what: 'an IV of the wrong length', key: pbes2(kdf, 8) },
    { what: 'a gigabyte for scrypt', key: scrypt(2 ** 20, 8, 1) },
    { what: 'an age for scrypt', key: scrypt(2 ** 14, 8, 2 ** 20) },
    { what: 'an N of scrypt that is no power of two', key: scrypt(1000, 8, 1) },
    { what: 'no parallelism in scrypt', key: scrypt(1024, 8, 0) },
  ]) {
    it(`refuses ${what} without trying`, async () => {
      const encoded = { form: 'pkcs8-encrypted', der: key } as const
      await rejectsWithCode(openPrivateKey(encoded, 'key', PASSPHRASE), 'ERR_RA_KEY_INVALID')
    })
  }

  it('refuses an unknown PRF by its object identifier', async () => {
    const der = pbkdf2(integer(1), sequence(oid('1.2.3.4')))
    const error = await rejectsWithCode(
      openPrivateKey({ form: 'pkcs8-encrypted', der }, 'key', PASSPHRASE),
      'ERR_RA_KEY_CIPHER_UNSUPPORTED',
    )
    expect(error.message).to.contain('1.2.3.4')
  })

  for (const { dekInfo, code } of [
    { dekInfo: '', code: 'ERR_RA_KEY_CIPHER_UNSUPPORTED' },
    { dekInfo: 'ROT13-CBC,0011223344556677', code: 'ERR_RA_KEY_CIPHER_UNSUPPORTED' },
    { dekInfo: 'AES-128-GCM,001122334455667788990011', code: 'ERR_RA_KEY_CIPHER_UNSUPPORTED' },
    { dekInfo: 'AES-128-CBC,0011', code: 'ERR_RA_KEY_INVALID' },
  ] as const) {
    it(`refuses the header DEK-Info: ${dekInfo}`, async () => {
      const key = { form: 'legacy-encrypted', der: Buffer.alloc(16), dekInfo } as const
      await rejectsWithCode(openPrivateKey(key, 'key', PASSPHRASE), code)
    })
  }

  it('counts scrypt against the budget of the file', async () => {
    const [key] = readFileContents(namedCert('ec-p256.pbes2-scrypt.key.pem'), 'privateKey').keys
    const budget = new DerivationBudget()
    budget.spend(MAX_ITERATIONS - 1, expect.fail)
    const opening = openPrivateKey(key!, 'key', PASSPHRASE, budget)
    await rejectsWithCode(opening, 'ERR_RA_KEY_INVALID')
  })

  it('opens a key as AWS Certificate Manager exports it', async function () {
    if (!HAS_VECTORS) this.skip()
    const bytes = readFileSync(`${VECTORS}acm-encrypted.pem`)
    const [key] = readFileContents({ name: 'key', bytes }, 'privateKey').keys
    const opened = await openPrivateKey(key!, 'key', new Secret('password'))
    expect(opened.asymmetricKeyType).to.equal('rsa')
  })

  for (const file of ['ec-p256.pbes2.key.der', 'ec-p256.legacy-aes128.key.pem']) {
    it(`meets any change to ${file} with our error or none`, async () => {
      await fc.assert(fc.asyncProperty(mutated(readCert(file)), readEitherWay), {
        numRuns: 60,
        interruptAfterTimeLimit: 10_000,
      })
    })
  }
})
