import { RolesAnywhereError } from '../errors.js'

/** Names that the service knows, one for each family of keys. */
export type SignatureAlgorithmName =
  'AWS4-X509-RSA-SHA256' | 'AWS4-X509-ECDSA-SHA256' | 'AWS4-X509-MLDSA'

/** Everything a signer must know about one type of key, in one place. */
export interface SignatureAlgorithm {
  /** First word of the string to sign and of the `Authorization` header. */
  readonly name: SignatureAlgorithmName
  /** The `KeyObject.asymmetricKeyType` that this row is for. */
  readonly keyType: 'rsa' | 'ec' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'
  /**
   * Hash over the string to sign, the same for every size of key. RSA is PKCS#1 v1.5 and ECDSA is
   * encoded as DER. Absent for ML-DSA, which signs the string itself with an empty context.
   */
  readonly hash: 'sha256' | undefined
}

const ALGORITHMS: readonly SignatureAlgorithm[] = [
  { name: 'AWS4-X509-RSA-SHA256', keyType: 'rsa', hash: 'sha256' },
  { name: 'AWS4-X509-ECDSA-SHA256', keyType: 'ec', hash: 'sha256' },
  { name: 'AWS4-X509-MLDSA', keyType: 'ml-dsa-44', hash: undefined },
  { name: 'AWS4-X509-MLDSA', keyType: 'ml-dsa-65', hash: undefined },
  { name: 'AWS4-X509-MLDSA', keyType: 'ml-dsa-87', hash: undefined },
]

/**
 * Picks the algorithm for a type of key.
 *
 * @param keyType As `KeyObject.asymmetricKeyType` says it.
 * @throws RolesAnywhereError `ERR_RA_KEY_UNSUPPORTED` when the service has no algorithm for it.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function signatureAlgorithmFor(keyType: string | undefined): SignatureAlgorithm {
  const found = ALGORITHMS.find((algorithm) => algorithm.keyType === keyType)
  if (found) return found
  const message = `unsupported private key type "${keyType ?? 'unknown'}"`
  throw new RolesAnywhereError('ERR_RA_KEY_UNSUPPORTED', message, {
    hint: 'IAM Roles Anywhere takes RSA, EC (P-256, P-384) and ML-DSA keys; have a certificate issued for one of those',
  })
}
