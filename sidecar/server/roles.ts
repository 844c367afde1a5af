import { RolesAnywhereError } from '../../src/errors.js'

/**
 * Reads `--role NAME=ARN` flags.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID` for a bad form, a bad name, or a name given twice.
 */
export function parseRoles(values: readonly string[]): ReadonlyMap<string, string> {
  const example = '--role reports=arn:aws:iam::123456789012:role/reports'
  return parseByName(values, { flag: 'role', form: 'NAME=ARN', example })
}

/**
 * Reads `--role-token-file NAME=FILE` flags.
 *
 * @param roles Names that there are.
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID` as {@link parseRoles}, and for a role that is not
 *   there.
 */
export function parseRoleTokenFiles(
  values: readonly string[],
  roles: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const example = '--role-token-file reports=/run/reports/token'
  const files = parseByName(values, { flag: 'role-token-file', form: 'NAME=FILE', example })
  const unknown = [...files.keys()].find((name) => !roles.has(name))
  if (unknown === undefined) return files
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_INVALID',
    `flag --role-token-file names "${unknown}", which is no role`,
    { hint: `add --role ${unknown}=ARN` },
  )
}

interface Naming {
  readonly flag: string
  readonly form: string
  readonly example: string
}

function parseByName(
  values: readonly string[],
  { flag, form, example }: Naming,
): ReadonlyMap<string, string> {
  const byName = new Map<string, string>()
  for (const value of values) {
    const [, name = '', rest = ''] = /^([A-Za-z0-9][\w.-]{0,62})=(.+)$/.exec(value) ?? []
    if (name === '' || byName.has(name)) {
      throw new RolesAnywhereError(
        'ERR_RA_FLAG_INVALID',
        name === '' ? `flag --${flag} is not ${form}` : `flag --${flag} names "${name}" twice`,
        { hint: `write it like ${example}` },
      )
    }
    byName.set(name, rest)
  }
  return byName
}
