import { homedir } from 'node:os'
import { join } from 'node:path'
import { RolesAnywhereError } from '../errors.js'
import { PROBLEM_TEXTS, readBounded } from '../session/read-bounded.js'
import type { ConfigProfile } from './resolve.js'

/** A config file larger than this is a mistake. */
const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * What every key of a setting begins with. A file in which none of them stands, as that of somebody who
 * gives all settings by flags, need not be understood; loading what understands it takes as long as
 * handing out a session from the cache.
 */
const SETS_SOMETHING = /rolesanywhere_|ca_bundle|use_fips_endpoint|use_dualstack_endpoint/

/**
 * The profile of the AWS config file that settings may come from: the one named by flag, else
 * `AWS_PROFILE`, else `default`. A file or profile that nobody asked for by flag may be absent:
 * `AWS_PROFILE` is often set for other programs.
 *
 * @param named Value of `--config-profile`, if it was given; an empty one counts as absent.
 * @throws RolesAnywhereError `ERR_RA_CONFIG_FILE_INVALID` when the file exists and cannot be read,
 *   `ERR_RA_CONFIG_PROFILE_MISSING` when the profile named by flag is not there.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function loadConfigProfile(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ConfigProfile> {
  const asked = named || undefined
  const name = asked ?? (env['AWS_PROFILE'] || 'default')
  const path = configFilePath(env)
  const text = path && readable(path)
  const wanted = text && (asked !== undefined || SETS_SOMETHING.test(text))
  const values = path && wanted ? (await parseFile(path))[name] : undefined
  if (values === undefined && asked !== undefined) {
    throw new RolesAnywhereError(
      'ERR_RA_CONFIG_PROFILE_MISSING',
      `config profile "${name}" (flag --config-profile) is not in "${path ?? '~/.aws/config'}"`,
      { hint: missingHint(name) },
    )
  }
  return { name, values: values ?? {} }
}

/** Some SDKs know profiles with blanks in their names, others do not find them. */
function missingHint(name: string): string {
  if (/\s/.test(name)) return 'give the profile a name without blanks'
  const section = name === 'default' ? '[default]' : `[profile ${name}]`
  return `add a section ${section}, or set AWS_CONFIG_FILE to the file that has it`
}

/** @returns `undefined` when nobody says where it is and the user has no home. */
function configFilePath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = homeFolder(env)
  const path = env['AWS_CONFIG_FILE'] || (home && join(home, '.aws', 'config'))
  return home && path?.startsWith('~/') ? join(home, path.slice(2)) : path
}

/**
 * The user's home folder.
 *
 * @returns `undefined` for a user who has none.
 */
export function homeFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  try {
    return env['HOME'] || env['USERPROFILE'] || homedir()
  } catch {
    // A user id without an entry in the user database, as containers have it.
    return undefined
  }
}

/**
 * The text of the file, `undefined` without one. The library below answers an unreadable file as an
 * empty one; that must be an error here.
 */
function readable(path: string): string | undefined {
  try {
    const file = readBounded(path, MAX_CONFIG_BYTES)
    if ('bytes' in file) {
      if (!file.bytes.includes(0)) return file.bytes.toString('latin1')
      throw unreadable(path, 'it is UTF-16 text, or no text at all')
    }
    throw unreadable(path, `it ${PROBLEM_TEXTS[file.problem]}`)
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, code, cause)
  }
}

function unreadable(path: string, why: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError(
    'ERR_RA_CONFIG_FILE_INVALID',
    `AWS config file "${path}" cannot be read (${why})`,
    { cause, hint: 'check the file and its permissions, or point AWS_CONFIG_FILE elsewhere' },
  )
}

async function parseFile(path: string): Promise<Record<string, ConfigProfile['values']>> {
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader')
  try {
    const { configFile } = await loadSharedConfigFiles({
      configFilepath: path,
      filepath: path,
      ignoreCache: true,
    })
    return configFile
  } catch (cause) {
    // It looks for a home folder even when it needs none.
    throw unreadable(path, 'HOME is not set', cause)
  }
}
