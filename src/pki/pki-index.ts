import { RolesAnywhereError } from '../errors.js'

/** One certificate that the CA signed. */
export interface IndexEntry {
  readonly name: string
  readonly kind: 'intermediate' | 'end-entity'
  /** Name of the intermediate that signed it, or {@link ROOT_NAME}. */
  readonly issuer: string
  /** Hexadecimal, lower case. */
  readonly serialNumber: string
  readonly notAfter: Date
  readonly revokedAt?: Date
}

/** What the CA remembers of what it signed. Later entries of one name replace the earlier ones. */
export interface PkiIndex {
  readonly certificates: readonly IndexEntry[]
  /** Number of each CA's last revocation list, by the CA's name. */
  readonly crlNumbers: Readonly<Record<string, number>>
}

/** Stands for the root wherever an intermediate could be named. */
export const ROOT_NAME = 'ca'

/** Index of a CA that has signed nothing yet. */
export const EMPTY_INDEX: PkiIndex = { certificates: [], crlNumbers: {} }

const VERSION = 1

/** The index as it is kept in `index.json`. */
export function formatIndex(index: PkiIndex): string {
  return `${JSON.stringify({ version: VERSION, ...index }, undefined, 2)}\n`
}

/**
 * Reads what {@link formatIndex} wrote.
 *
 * @param source Path, for messages.
 * @throws RolesAnywhereError `ERR_RA_PKI_INVALID` when it is anything else.
 */
export function parseIndex(text: string, source: string): PkiIndex {
  const { version, certificates, crlNumbers } = objectOf(parseJson(text, source))
  if (version !== VERSION || !Array.isArray(certificates)) throw corrupt(source)
  const entries = certificates.map((value: unknown) => parseEntry(value, source))
  const numbers = Object.entries(objectOf(crlNumbers)).map(([name, value]) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw corrupt(source)
    return [name, value] as const
  })
  return { certificates: entries, crlNumbers: Object.fromEntries(numbers) }
}

/** The newest certificate of that name. */
export function findByName(
  index: PkiIndex,
  kind: IndexEntry['kind'],
  name: string,
): IndexEntry | undefined {
  return index.certificates.findLast((entry) => entry.kind === kind && entry.name === name)
}

function parseEntry(value: unknown, source: string): IndexEntry {
  const { name, kind, issuer, serialNumber, notAfter, revokedAt } = objectOf(value)
  if (
    typeof name !== 'string' ||
    (kind !== 'intermediate' && kind !== 'end-entity') ||
    typeof issuer !== 'string' ||
    typeof serialNumber !== 'string' ||
    !/^[0-9a-f]{1,40}$/.test(serialNumber)
  ) {
    throw corrupt(source)
  }
  const entry = { name, kind, issuer, serialNumber, notAfter: instant(notAfter, source) } as const
  return revokedAt === undefined ? entry : { ...entry, revokedAt: instant(revokedAt, source) }
}

function instant(value: unknown, source: string): Date {
  const parsed = new Date(typeof value === 'string' ? value : Number.NaN)
  if (Number.isNaN(parsed.getTime())) throw corrupt(source)
  return parsed
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw corrupt(source, cause)
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  // Only own properties are read, and each is checked.
  typeof value === 'object' && value !== null ? { ...(value as Record<string, unknown>) } : {}

function corrupt(source: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_PKI_INVALID', `index "${source}" is damaged`, {
    cause,
    hint: 'restore it from a backup, or start over with: rolesanywhere pki init --force',
  })
}
