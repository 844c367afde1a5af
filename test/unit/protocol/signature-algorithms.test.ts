import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { signatureAlgorithmFor } from '../../../src/protocol/signature-algorithms.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('signatureAlgorithmFor', () => {
  for (const [keyType, name, hash] of [
    ['rsa', 'AWS4-X509-RSA-SHA256', 'sha256'],
    ['ec', 'AWS4-X509-ECDSA-SHA256', 'sha256'],
    ['ml-dsa-44', 'AWS4-X509-MLDSA', undefined],
    ['ml-dsa-65', 'AWS4-X509-MLDSA', undefined],
    ['ml-dsa-87', 'AWS4-X509-MLDSA', undefined],
  ] as const) {
    it(`signs with ${name} when the key is ${keyType}`, () => {
      expect(signatureAlgorithmFor(keyType)).to.deep.equal({ name, keyType, hash })
    })
  }

  for (const keyType of ['ed25519', 'rsa-pss', 'x25519', 'dsa', 'constructor', '', undefined]) {
    it(`refuses a key of type ${String(keyType) || '(empty)'}, and says what would do`, () => {
      const error = throwsWithCode(() => signatureAlgorithmFor(keyType), 'ERR_RA_KEY_UNSUPPORTED')
      expect(error.hint).to.be.a('string')
    })
  }

  it('goes by the names that node gives to keys', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(signatureAlgorithmFor(privateKey.asymmetricKeyType).keyType).to.equal('ec')
  })
})
