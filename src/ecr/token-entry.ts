import { Secret } from '../secret.js'
import type { AuthorizationToken } from './authorization-token.js'

/** Whose password it is and where it is good, in words for people; nothing is decided by it. */
export interface TokenOwner {
  readonly roleArn: string
  readonly registries: 'private' | 'public'
  readonly region: string
}

/** One password as it is kept on disk. */
export interface TokenEntry {
  readonly token: AuthorizationToken
  readonly owner: TokenOwner | undefined
}

/** Changes whenever older programs would misread an entry. */
const VERSION = 1

/** The text of a password's file. */
export function tokenEntryText({ token, owner }: TokenEntry): Secret {
  const { password, expiresAt, obtainedAt, lifeMs } = token
  return new Secret(
    JSON.stringify({
      version: VERSION,
      password: password.reveal(),
      expiresAt: expiresAt.toISOString(),
      obtainedAt: obtainedAt.toISOString(),
      lifeMs,
      owner,
    }),
  )
}

/** Anything odd counts as nothing: the next password replaces it. */
export function parseTokenEntry(text: string): TokenEntry | undefined {
  let fields: Readonly<Record<string, unknown>>
  try {
    fields = record(JSON.parse(text))
  } catch {
    // Cut short or not ours.
    return undefined
  }
  const { version, password, lifeMs } = fields
  const [expiresAt, obtainedAt] = [instant(fields['expiresAt']), instant(fields['obtainedAt'])]
  if (version !== VERSION || typeof password !== 'string' || password === '') return undefined
  if (!expiresAt || !obtainedAt || typeof lifeMs !== 'number' || !(lifeMs > 0)) return undefined
  return {
    token: { username: 'AWS', password: new Secret(password), expiresAt, obtainedAt, lifeMs },
    owner: ownerOf(record(fields['owner'])),
  }
}

/** @returns `undefined` for an entry of a program that did not write one. */
function ownerOf({
  roleArn,
  registries,
  region,
}: Readonly<Record<string, unknown>>): TokenOwner | undefined {
  if (!isName(roleArn) || !isName(region)) return undefined
  return { roleArn, region, registries: registries === 'public' ? 'public' : 'private' }
}

/** Printed on terminals. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && /^[\u0021-\u007e]{1,2048}$/.test(value)

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

function instant(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined
  return date && !Number.isNaN(date.getTime()) ? date : undefined
}
