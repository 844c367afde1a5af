import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import {
  type FileHandle,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { RolesAnywhereError } from '../errors.js'
import { makeFolders } from './make-folders.js'

/** More links in a row than any system follows. */
const MAX_LINKS = 40

/**
 * Where a path leads, through symbolic links, whether there is a file yet or not. Makes the folder of
 * that file, for the owner only, if it is not there.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNWRITABLE`.
 */
export async function placeOf(path: string): Promise<string> {
  try {
    let place = resolve(path)
    for (let links = 0; links <= MAX_LINKS; links++) {
      makeFolders(dirname(place))
      place = join(await realpath(dirname(place)), basename(place))
      const target = await linkTarget(place)
      if (target === undefined) return place
      place = resolve(dirname(place), target)
    }
  } catch (cause) {
    throw unwritable(path, codeOf(cause), cause)
  }
  throw unwritable(path, 'ELOOP')
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    // Not a link, or not there.
    if (['EINVAL', 'ENOENT', 'UNKNOWN'].includes(codeOf(error))) return undefined
    throw error
  }
}

/**
 * Puts a file in the place of another in one step: readers see all of the old or all of the new one,
 * and what they see is on disk. Mode, owner and group are those of the file before; a new file is for
 * the owner only, unless `newMode` says otherwise. Whoever calls this holds a lock for the file: copies
 * that a killed process left beside it are removed.
 *
 * @param path Not a symbolic link, see {@link placeOf}.
 * @param mayProceed Asked last; when it says no, nothing is replaced.
 * @param newMode Permission bits of a file that was not there before.
 * @throws RolesAnywhereError `ERR_RA_FILE_UNWRITABLE`; then the file is as it was.
 */
export async function replaceFile(
  path: string,
  bytes: Uint8Array,
  mayProceed: () => Promise<boolean> = async () => Promise.resolve(true),
  newMode = OWNER_ONLY,
): Promise<void> {
  const prefix = `.${basename(path)}.`
  const folder = dirname(path)
  try {
    await removeLeftovers(folder, prefix)
    const before = await statOf(path)
    if (before && !before.isFile()) throw unwritable(path, 'not a regular file')
    const temporary = join(folder, `${prefix}${randomBytes(6).toString('hex')}.tmp`)
    try {
      await writeNew(temporary, bytes, { path, before, newMode })
      if (!(await mayProceed())) throw unwritable(path, 'the lock was taken by another process')
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await syncFolder(folder)
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    throw unwritable(path, codeOf(cause), cause)
  }
}

async function removeLeftovers(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const random = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    if (/^[0-9a-f]{12}\.tmp$/.test(random)) await rm(join(folder, name), { force: true })
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const OWNER_ONLY = 0o600

/** What a new file is to look like: the one before it, or one with this mode. */
interface Likeness {
  readonly path: string
  readonly before: Stats | undefined
  readonly newMode: number
}

async function writeNew(
  temporary: string,
  bytes: Uint8Array,
  { path, before, newMode }: Likeness,
): Promise<void> {
  const file = await open(temporary, 'wx', OWNER_ONLY)
  try {
    await file.writeFile(bytes)
    if (before) await dress(file, path, before)
    // The umask does not decide who may read it.
    else if (newMode !== OWNER_ONLY) await file.chmod(newMode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Gives a new file the owner, group and mode of the old one. */
async function dress(file: FileHandle, path: string, before: Stats): Promise<void> {
  const own = await file.stat()
  if (own.uid !== before.uid || own.gid !== before.gid) {
    try {
      await file.chown(before.uid, before.gid)
    } catch (cause) {
      throw unwritable(path, 'it belongs to another user or group', cause)
    }
  }
  if ((own.mode & MODE_BITS) !== (before.mode & MODE_BITS)) {
    await file.chmod(before.mode & MODE_BITS)
  }
}

const MODE_BITS = 0o7777

/** Without it, a crash of the machine could bring the old file back. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // Windows and some network file systems know no such thing; the new file is in its place.
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EBUSY: 'it is mounted as a single file, which cannot be replaced: mount its folder instead',
  EXDEV: 'it is mounted as a single file, which cannot be replaced: mount its folder instead',
  'it belongs to another user or group': 'run as the user that the file belongs to',
  'not a regular file': 'name a file, not a folder or a device',
  EEXIST: 'something on the way to it is a file, not a folder',
  ENOTDIR: 'something on the way to it is a file, not a folder',
  ELOOP: 'its symbolic links lead round in circles',
  EROFS: 'its file system is read-only: name a file on another one',
}

const unwritable = (path: string, reason: string, cause?: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_FILE_UNWRITABLE', `cannot write "${path}" (${reason})`, {
    cause,
    hint: HINTS[reason] ?? 'check who may write to that folder, and that the disk is not full',
  })

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error'
