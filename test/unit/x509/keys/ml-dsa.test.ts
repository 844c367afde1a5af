import { createPrivateKey, type KeyObject, verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { Secret } from '../../../../src/secret.js'
import { isWellFormedMlDsa, signMlDsa } from '../../../../src/x509/keys/ml-dsa.js'
import { readIdentity } from '../../../../src/x509/read-identity.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { HAS_VECTORS, VECTORS } from '../../../support/shared-vectors.js'
import { der, integer, octetString, oid, sequence } from '../der-writer.js'

const FOLDER = `${VECTORS}mldsa/`
const SETS = [
  { name: 'ml-dsa-44', oid: '2.16.840.1.101.3.4.3.17', expandedBytes: 2560, signatureBytes: 2420 },
  { name: 'ml-dsa-65', oid: '2.16.840.1.101.3.4.3.18', expandedBytes: 4032, signatureBytes: 3309 },
  { name: 'ml-dsa-87', oid: '2.16.840.1.101.3.4.3.19', expandedBytes: 4896, signatureBytes: 4627 },
]

const pkcs8 = (set: string, choice: Buffer): Buffer =>
  sequence(integer(0), sequence(oid(set)), octetString(choice))
const seed = Buffer.alloc(32, 1)

/** A key as this version of Node holds it, or one that can only be exported, where it has no ML-DSA. */
function keyOf(bytes: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
  } catch {
    return { export: () => bytes } as unknown as KeyObject
  }
}

describe('signMlDsa', () => {
  for (const set of SETS) {
    it(`gives the same ${set.name} signature each time, and from each form of the key`, async () => {
      const { ml_dsa44, ml_dsa65, ml_dsa87 } = await import('@noble/post-quantum/ml-dsa.js')
      const library = [ml_dsa44, ml_dsa65, ml_dsa87][SETS.indexOf(set)]!
      const { secretKey, publicKey } = library.keygen(seed)
      const message = Buffer.from('string to sign')
      const signatures = await Promise.all(
        [
          der(0x80, seed),
          octetString(secretKey),
          sequence(octetString(seed), octetString(secretKey)),
        ].map(async (choice) => signMlDsa(keyOf(pkcs8(set.oid, choice)), message)),
      )
      const hex = signatures.map((signature) => Buffer.from(signature).toString('hex'))
      expect(new Set(hex).size).to.equal(1)
      expect(signatures[0]).to.have.length(set.signatureBytes)
      expect(library.verify(signatures[0]!, message, publicKey)).to.equal(true)
    })
  }
})

describe('isWellFormedMlDsa', () => {
  for (const { name, oid: set, expandedBytes } of SETS) {
    it(`knows the forms of ${name}`, () => {
      expect(isWellFormedMlDsa(pkcs8(set, der(0x80, seed)))).to.equal(true)
      expect(isWellFormedMlDsa(pkcs8(set, octetString(Buffer.alloc(expandedBytes))))).to.equal(true)
      expect(isWellFormedMlDsa(pkcs8(set, octetString(Buffer.alloc(99))))).to.equal(false)
      expect(isWellFormedMlDsa(pkcs8(set, der(0x80, seed.subarray(1))))).to.equal(false)
    })
  }

  it('is false for any other bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => !isWellFormedMlDsa(bytes)))
  })
})

describe('readIdentity with ML-DSA', () => {
  if (!HAS_VECTORS) {
    it('skipped: the fixtures are not on this machine')
    return
  }
  for (const file of readdirSync(FOLDER).filter((entry) => entry.includes('-key'))) {
    const known = (() => {
      try {
        createPrivateKey(readFileSync(`${FOLDER}mldsa44-key.pem`))
        return true
      } catch {
        return false
      }
    })()
    it(`${known ? 'opens' : 'says which Node it needs for'} ${file}`, async () => {
      const certificate = `${file.slice(0, 7)}-cert.pem`
      const reading = readIdentity({
        certificate: { name: certificate, bytes: readFileSync(`${FOLDER}${certificate}`) },
        privateKey: { name: file, bytes: readFileSync(`${FOLDER}${file}`) },
        passphrase: new Secret('password'),
      })
      if (!known) {
        const { hint } = await rejectsWithCode(reading, 'ERR_RA_KEY_UNSUPPORTED')
        expect(hint).to.contain('Node 24.6')
        return
      }
      const { certificate: read, privateKey } = await reading
      const message = Buffer.from('string to sign')
      const signature = await signMlDsa(privateKey as KeyObject, message)
      expect(verify(undefined, message, read.publicKey, signature)).to.equal(true)
    })
  }
})
