import type { SignatureAlgorithmName } from './signature-algorithms.js'

/**
 * An X.509 identity that can sign: end-entity certificate, chain and a private key that is usable
 * but not readable. The key may live in a file, or in a device.
 */
export interface Signer {
  /** First word of the string to sign and of the `Authorization` header. */
  readonly algorithm: SignatureAlgorithmName
  /** DER of the end-entity certificate. */
  readonly certificate: Uint8Array
  /** DER of the intermediates, the issuer of the end-entity certificate first, without the root. */
  readonly chain: readonly Uint8Array[]
  /** Serial number of the end-entity certificate, decimal, as `Credential=` wants it. */
  readonly serialNumber: string
  /**
   * Signs the bytes of the string to sign, hashing included.
   *
   * @returns RSASSA-PKCS1-v1_5 bytes, a DER ECDSA signature, or a raw deterministic ML-DSA signature.
   * @throws RolesAnywhereError `ERR_RA_SIGNING_FAILED` when the key cannot be used.
   */
  sign(stringToSign: Uint8Array): Promise<Uint8Array>
}
