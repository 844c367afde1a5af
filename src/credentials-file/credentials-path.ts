import { join } from 'node:path'
import { homeFolder } from '../config/config-profile.js'
import { RolesAnywhereError } from '../errors.js'

/**
 * Where the shared credentials file is: as named, else `AWS_SHARED_CREDENTIALS_FILE`, else
 * `~/.aws/credentials`. A leading `~/` is the user's home, as in all SDKs.
 *
 * @param named Value of `--credentials-file`, if it was given.
 * @throws RolesAnywhereError `ERR_RA_SETTING_MISSING` when nobody says and the user has no home.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
export function credentialsPath(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const home = homeFolder(env)
  const path =
    named || env['AWS_SHARED_CREDENTIALS_FILE'] || (home && join(home, '.aws', 'credentials'))
  if (path) return home && path.startsWith('~/') ? join(home, path.slice(2)) : path
  throw new RolesAnywhereError(
    'ERR_RA_SETTING_MISSING',
    'there is no place for the credentials file: the user has no home folder',
    { hint: 'pass --credentials-file, or set AWS_SHARED_CREDENTIALS_FILE or HOME' },
  )
}
