import { RolesAnywhereError } from '../../src/errors.js'

/**
 * Reads `--role NAME=ARN` flags.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID` for a bad form, a bad name, or a name given twice.
 */
export function parseRoles(values: readonly string[]): ReadonlyMap<string, string> {
  const roles = new Map<string, string>()
  for (const value of values) {
    const [, name = '', arn = ''] = /^([A-Za-z0-9][\w.-]{0,62})=(.+)$/.exec(value) ?? []
    if (name === '' || roles.has(name)) {
      throw new RolesAnywhereError(
        'ERR_RA_FLAG_INVALID',
        name === '' ? 'flag --role is not NAME=ARN' : `flag --role names "${name}" twice`,
        { hint: 'write it like --role reports=arn:aws:iam::123456789012:role/reports' },
      )
    }
    roles.set(name, arn)
  }
  return roles
}
