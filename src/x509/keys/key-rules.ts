import type { KeyObject } from 'node:crypto'
import { RolesAnywhereError } from '../../errors.js'
import {
  type SignatureAlgorithm,
  signatureAlgorithmFor,
} from '../../protocol/signature-algorithms.js'

const MIN_RSA_BITS = 2048

/** Curves by the names that OpenSSL gives them, P-256, P-384 and P-521. */
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

/**
 * The algorithm that a private key signs with, if it is a key that the service takes.
 *
 * @throws RolesAnywhereError `ERR_RA_KEY_UNSUPPORTED` for another type of key, another curve, or RSA
 *   below 2048 bits.
 */
export function requireSupportedKey(privateKey: KeyObject): SignatureAlgorithm {
  const algorithm = signatureAlgorithmFor(privateKey.asymmetricKeyType)
  const { modulusLength = 0, namedCurve } = privateKey.asymmetricKeyDetails ?? {}
  if (algorithm.keyType === 'rsa' && modulusLength < MIN_RSA_BITS) {
    throw unsupported(`an RSA private key of ${modulusLength} bits is too short`)
  }
  if (algorithm.keyType === 'ec' && !CURVES.includes(namedCurve ?? '')) {
    throw unsupported(`unsupported curve "${namedCurve ?? 'unnamed'}" of an EC private key`)
  }
  return algorithm
}

const unsupported = (message: string): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_KEY_UNSUPPORTED', message, {
    hint: 'have a certificate issued for an RSA key of 2048 bits or more, or an EC key on P-256 or P-384',
  })
