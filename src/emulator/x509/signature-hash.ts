import { AsnConvert } from '@peculiar/asn1-schema'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'

/** Signature algorithms that hash with SHA-256 or stronger, by object identifier. */
const STRONG = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'], // RSA PKCS#1 v1.5
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'], // ECDSA
  ...['2.16.840.1.101.3.4.3.17', '2.16.840.1.101.3.4.3.18', '2.16.840.1.101.3.4.3.19'], // ML-DSA
])

const RSA_PSS = '1.2.840.113549.1.1.10'
const STRONG_HASHES = new Set([
  '2.16.840.1.101.3.4.2.1',
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
])

/** Whether a certificate or CRL is signed with SHA-256 or stronger; unknown algorithms are not. */
export function isStrongSignature({ algorithm, parameters }: AlgorithmIdentifier): boolean {
  if (algorithm !== RSA_PSS) return STRONG.has(algorithm)
  return parameters ? STRONG_HASHES.has(pssHash(Buffer.from(parameters))) : false
}

/**
 * RSASSA-PSS-params starts with the hash: SEQUENCE { [0] AlgorithmIdentifier, … }. Without it the
 * hash is SHA-1.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc4055#section-3.1
 */
function pssHash(parameters: Buffer): string {
  if (parameters[0] !== 0x30 || parameters[2] !== 0xa0) return ''
  const length = parameters[3] ?? 0
  return AsnConvert.parse(parameters.subarray(4, 4 + length), AlgorithmIdentifier).algorithm
}
