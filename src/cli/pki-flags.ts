import { RolesAnywhereError } from '../errors.js'
import { KEY_TYPES, type KeyType, keyTypeNamed } from '../pki/key-types.js'
import type { CaContext } from '../pki/development-ca.js'
import type { Flag, Invocation, Io } from './command.js'

/** Flag of every `pki` command. */
export const DIRECTORY_FLAG: Flag = {
  name: 'directory',
  value: 'DIR',
  help: 'folder of the CA, default ./pki',
}

/** Flags of the commands that make a certificate. */
export const NEW_CERTIFICATE_FLAGS: readonly Flag[] = [
  {
    name: 'key-type',
    value: 'TYPE',
    choices: KEY_TYPES,
    help: `${KEY_TYPES.join(', ')}; default ${KEY_TYPES[0]}`,
  },
  { name: 'force', help: 'replace files of the same name' },
]

/** Flag of the commands whose certificate has an issuer. */
export const ISSUER_FLAG: Flag = {
  name: 'issuer',
  value: 'NAME',
  help: 'intermediate that signs, default the root',
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MAX_DAYS = 36_500

/** The folder that the flags name, and the clock. */
export function caContext({ flags }: Invocation, io: Io): CaContext {
  return { directory: flags.get('directory') || './pki', clock: io.clock }
}

/**
 * Value of `--key-type`.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID` for a name that is no key type.
 */
export function keyTypeFlag({ flags }: Invocation): { readonly keyType?: KeyType } {
  const name = flags.get('key-type')
  if (!name) return {}
  const keyType = keyTypeNamed(name)
  if (keyType) return { keyType }
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --key-type names no key type', {
    hint: `use one of ${KEY_TYPES.join(', ')}`,
  })
}

/**
 * Validity in milliseconds from `--days` or `--hours`.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID` unless it is a whole number from 1 to a hundred
 *   years, `ERR_RA_FLAG_CONFLICT` when both are given.
 */
export function validityFlag({ flags }: Invocation, defaultDays: number): number {
  const days = flags.get('days')
  const hours = flags.get('hours')
  if (days && hours) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'flags --days and --hours are both given',
      {
        hint: 'give one of them',
      },
    )
  }
  if (hours) return wholeNumber('hours', hours, MAX_DAYS * 24) * HOUR_MS
  return (days ? wholeNumber('days', days, MAX_DAYS) : defaultDays) * DAY_MS
}

/**
 * The one argument of a command that takes one.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` when it is missing.
 */
export function argument({ positionals }: Invocation, placeholder: string): string {
  const [value] = positionals
  if (value) return value
  throw new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', `argument ${placeholder} is missing`, {
    hint: 'see --help',
  })
}

/** Prints the files that a command wrote, one on each line. */
export function printPaths(paths: readonly string[], print: (text: string) => void): void {
  print(paths.map((path) => `${path}\n`).join(''))
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = /^[1-9][0-9]{0,6}$/.test(text) ? Number(text) : Number.NaN
  if (value <= max) return value
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${name} is not a number of ${name}`, {
    hint: `use a whole number from 1 to ${max}`,
  })
}
