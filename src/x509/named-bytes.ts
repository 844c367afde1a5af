import { type ErrorCode, RolesAnywhereError } from '../errors.js'

/** The content of a file or a variable, and what messages call it. */
export interface NamedBytes {
  /** What it is and where it came from, for example `certificate "/x/tls.crt"`. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** What a file was given as. Decides the code of an error, never how the file is read. */
export type FileRole = 'certificate' | 'privateKey'

/** Codes for a file that cannot be decoded, that is broken inside, and that holds something else. */
export const CODES = {
  certificate: {
    unreadable: 'ERR_RA_CERTIFICATE_UNREADABLE',
    invalid: 'ERR_RA_CERTIFICATE_INVALID',
    missing: 'ERR_RA_CERTIFICATE_MISSING',
  },
  privateKey: {
    unreadable: 'ERR_RA_KEY_UNREADABLE',
    invalid: 'ERR_RA_KEY_INVALID',
    missing: 'ERR_RA_KEY_MISSING',
  },
} as const

/** Largest file that is looked at. A chain of ML-DSA certificates with its key needs some 60 KiB. */
export const MAX_FILE_BYTES = 1024 * 1024

/** Most PEM blocks, or PKCS#12 bags, in one file. */
export const MAX_BLOCKS = 100

/**
 * Refuses what is too large to be a certificate or key, before anything looks inside.
 *
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_INVALID` or `ERR_RA_KEY_INVALID` when it is too large,
 *   `ERR_RA_CERTIFICATE_UNREADABLE` or `ERR_RA_KEY_UNREADABLE` when it is empty.
 */
export function requireSaneSize({ name, bytes }: NamedBytes, role: FileRole): void {
  if (bytes.length > MAX_FILE_BYTES) {
    const problem = `${bytes.length} bytes, more than the ${MAX_FILE_BYTES} that are read`
    throw unusable(CODES[role].invalid, name, problem, whatToGive(role))
  }
  if (bytes.length === 0) {
    const hint = 'check that whatever writes the file has finished'
    throw unusable(CODES[role].unreadable, name, 'is empty', hint)
  }
}

/** The hint for a file that is something else altogether. */
export const whatToGive = (role: FileRole): string =>
  role === 'certificate'
    ? 'give the certificate as PEM, DER or PKCS#12'
    : 'give the private key as PEM, DER or PKCS#12'

/** The error for a file that is of no use as it is; a hint is always wanted. */
export const unusable = (
  code: ErrorCode,
  name: string,
  problem: string,
  hint: string,
  cause?: unknown,
): RolesAnywhereError =>
  new RolesAnywhereError(code, `${name}: ${problem}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  })
