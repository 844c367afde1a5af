import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../clock.js'
import type { FileMode } from '../config/file-mode.js'
import { RolesAnywhereError } from '../errors.js'
import { withFileLock } from '../files/file-lock.js'
import { placeOf, replaceFile } from '../files/replace-file.js'
import type { Logger } from '../log.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import { PROBLEM_TEXTS, readBounded } from '../session/read-bounded.js'
import { editProfile } from './edit-profile.js'
import { profileValues } from './profile-values.js'

/** A credentials file larger than this is a mistake. */
const MAX_FILE_BYTES = 1024 * 1024

/** Which profile of which file. */
export interface ProfilePlace {
  /** Path of the shared credentials file; symbolic links are followed. */
  readonly path: string
  readonly profile: string
  /** Permission bits of a file that is made; one that exists keeps its own. Default 0600. */
  readonly mode?: FileMode
}

/** Effects of {@link writeProfile}. */
export interface WriteProfileDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Ends the wait for others who write the same file. */
  readonly signal?: AbortSignal
}

/**
 * Writes credentials into a profile of the shared credentials file, in one step and one after the
 * other with all who use this function: no reader sees half of it, and nobody's change is lost.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE`, `ERR_RA_FILE_UNWRITABLE`, `ERR_RA_FILE_LOCKED`
 *   or `ERR_RA_RESPONSE_INVALID`; then the file is as it was.
 */
export async function writeProfile(
  { path, profile, mode }: ProfilePlace,
  credentials: SessionCredentials,
  { log, ...deps }: WriteProfileDeps,
): Promise<void> {
  const values = profileValues(credentials)
  const place = await placeOf(path)
  const lock = join(dirname(place), `.${basename(place)}.lock`)
  const warnings = await withFileLock(lock, deps, async ({ isHeld }) => {
    const before = read(place, path)
    const { bytes, warnings } = editProfile(before, profile, values)
    if (!bytes.equals(before)) await replaceFile(place, bytes, isHeld, mode)
    return [...warnings, ...(await exposure(place, mode))]
  })
  for (const warning of warnings) log.warn(warning, { file: path })
}

/** The mode is its owner's choice, and stays; that it is a bad one is said, unless it was asked for. */
async function exposure(place: string, asked = 0): Promise<string[]> {
  if ((asked & OTHERS_MAY_READ) !== 0) return []
  const { mode } = await stat(place)
  if (process.platform === 'win32' || (mode & OTHERS_MAY_READ) === 0) return []
  return ['all users of this machine may read the credentials file; give it mode 0600']
}

const OTHERS_MAY_READ = 0o004

function read(place: string, path: string): Buffer {
  const bytes = readIfThere(place, path)
  if (!bytes.includes(0)) return bytes
  throw unreadable(path, 'it is UTF-16 text, or no text at all')
}

function readIfThere(place: string, path: string): Buffer {
  try {
    const file = readBounded(place, MAX_FILE_BYTES)
    if ('bytes' in file) return file.bytes
    throw unreadable(path, `it ${PROBLEM_TEXTS[file.problem]}`)
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return Buffer.alloc(0)
    throw unreadable(path, code, cause)
  }
}

const unreadable = (path: string, reason: string, cause?: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cannot read "${path}" (${reason})`, {
    cause,
    hint: 'check the path, owner and mode of the credentials file',
  })
