import { type DerReader, contextTag, TAG } from './der.js'
import { HASHES } from './hashes.js'

/** The hash under a certificate's signature. */
export interface SignatureHash {
  /** For example `sha256`; the scheme itself where it has no separate hash; the OID when unknown. */
  readonly name: string
  /** Whether it is SHA-256 or stronger. */
  readonly strong: boolean
}

const SIGNATURES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.2', 'md2'],
  ['1.2.840.113549.1.1.4', 'md5'],
  ['1.2.840.113549.1.1.5', 'sha1'],
  ['1.3.14.3.2.29', 'sha1'],
  ['1.2.840.113549.1.1.14', 'sha224'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.113549.1.1.15', 'sha512-224'],
  ['1.2.840.113549.1.1.16', 'sha512-256'],
  ['1.2.840.10045.4.1', 'sha1'],
  ['1.2.840.10045.4.3.1', 'sha224'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['2.16.840.1.101.3.4.3.10', 'sha3-256'],
  ['2.16.840.1.101.3.4.3.11', 'sha3-384'],
  ['2.16.840.1.101.3.4.3.12', 'sha3-512'],
  ['2.16.840.1.101.3.4.3.14', 'sha3-256'],
  ['2.16.840.1.101.3.4.3.15', 'sha3-384'],
  ['2.16.840.1.101.3.4.3.16', 'sha3-512'],
  ['2.16.840.1.101.3.4.3.17', 'ml-dsa-44'],
  ['2.16.840.1.101.3.4.3.18', 'ml-dsa-65'],
  ['2.16.840.1.101.3.4.3.19', 'ml-dsa-87'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
])

const RSASSA_PSS = '1.2.840.113549.1.1.10'

/** As strong as SHA-224, which is less than the service asks for. */
const WEAK = new Set(['md2', 'md5', 'sha1', 'sha224', 'sha512-224'])

/**
 * Reads the AlgorithmIdentifier of a signature. An algorithm that is not known does not count as
 * strong.
 *
 * @param algorithm Inside of the AlgorithmIdentifier.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
export function readSignatureHash(algorithm: DerReader): SignatureHash {
  const oid = algorithm.oid()
  const name = oid === RSASSA_PSS ? readPssHash(algorithm) : SIGNATURES.get(oid)
  return { name: name ?? oid, strong: name !== undefined && !WEAK.has(name) }
}

/** Without parameters, or without a hash in them, PSS means SHA-1. */
function readPssHash(algorithm: DerReader): string | undefined {
  if (algorithm.nextTag !== TAG.sequence) return 'sha1'
  const parameters = algorithm.enter(TAG.sequence)
  if (parameters.nextTag !== contextTag(0)) return 'sha1'
  return HASHES.get(parameters.enter(contextTag(0)).enter(TAG.sequence).oid())
}
