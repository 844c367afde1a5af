import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { RolesAnywhereError } from '../../errors.js'
import { readBounded } from '../../session/read-bounded.js'

/** A config or credentials file larger than this is a mistake. */
const MAX_BYTES = 1024 * 1024

/** Sections of the two files that AWS SDKs read. Values may be secret. */
export interface AwsProfiles {
  readonly config: AwsFile
  readonly credentials: AwsFile
}

/** One of the two files. */
export interface AwsFile {
  /** Absent when nobody says where it is and the user has no home. */
  readonly path: string | undefined
  /** By name; profiles of the config file without the word `profile`. */
  readonly sections: Readonly<Record<string, Readonly<Record<string, string | undefined>>>>
  /** When it was last written. */
  readonly modifiedAt?: Date
}

/**
 * Reads both files; one that is not there is empty.
 *
 * @throws RolesAnywhereError `ERR_RA_CONFIG_FILE_INVALID` when one is there and cannot be read.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html
 */
export async function awsProfiles(
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsProfiles> {
  const home = env['HOME'] || env['USERPROFILE'] || homeOfUser()
  const inHome = (name: string): string | undefined => home && join(home, '.aws', name)
  const expand = (path: string | undefined): string | undefined =>
    home && path?.startsWith('~/') ? join(home, path.slice(2)) : path
  const paths = {
    config: expand(env['AWS_CONFIG_FILE'] || inHome('config')),
    credentials: expand(env['AWS_SHARED_CREDENTIALS_FILE'] || inHome('credentials')),
  }
  const present = { config: isThere(paths.config), credentials: isThere(paths.credentials) }
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader')
  const nothing = { configFile: {}, credentialsFile: {} }
  const { configFile, credentialsFile } =
    present.config || present.credentials
      ? await loadSharedConfigFiles({
          configFilepath: present.config ? (paths.config ?? '') : '/nonexistent',
          filepath: present.credentials ? (paths.credentials ?? '') : '/nonexistent',
          ignoreCache: true,
        })
      : nothing
  return {
    config: { path: paths.config, sections: configFile, ...written(paths.config) },
    credentials: {
      path: paths.credentials,
      sections: credentialsFile,
      ...written(paths.credentials),
    },
  }
}

function written(path: string | undefined): { readonly modifiedAt?: Date } {
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })
  return stats ? { modifiedAt: stats.mtime } : {}
}

/** The library takes an unreadable file for an empty one, and reads files of any size. */
function isThere(path: string | undefined): boolean {
  if (path === undefined) return false
  let problem: string
  try {
    const file = readBounded(path, MAX_BYTES)
    if ('bytes' in file) return true
    problem = file.problem
  } catch (cause) {
    problem = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    if (problem === 'ENOENT' || problem === 'ENOTDIR') return false
  }
  throw new RolesAnywhereError(
    'ERR_RA_CONFIG_FILE_INVALID',
    `AWS file "${path}" cannot be read (${problem})`,
    { hint: 'check its permissions: AWS SDKs read it too' },
  )
}

function homeOfUser(): string | undefined {
  try {
    return homedir()
  } catch {
    // A user id without an entry in the user database, as containers have it.
    return undefined
  }
}
