import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { derOfEcdsa } from '../../../src/pkcs11/signature.js'

describe('derOfEcdsa', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    it(`gives what node:crypto verifies, on ${namedCurve}`, () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve })
      const publicKey = createPublicKey(privateKey)
      fc.assert(
        fc.property(fc.uint8Array(), (message) => {
          const plain = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
          expect(verify('sha256', message, publicKey, derOfEcdsa(plain))).to.equal(true)
        }),
        { numRuns: 50 },
      )
    })
  }

  for (const [what, plain, der] of [
    ['leaves leading zeros out', '0001' + '007f', '3006020101' + '02017f'],
    ['keeps numbers positive', '80' + 'ff', '3008' + '02020080' + '020200ff'],
    ['writes zero as one octet', '0000' + '0000', '3006020100' + '020100'],
  ] as const) {
    it(what, () => {
      expect(derOfEcdsa(Buffer.from(plain, 'hex')).toString('hex')).to.equal(der)
    })
  }
})
