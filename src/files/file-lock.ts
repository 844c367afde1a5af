import { lstat, open, readFile, readlink, rm, symlink } from 'node:fs/promises'
import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import { hasEnded, type LockHolder, newLockHolder } from './lock-holder.js'

const PAUSE_MS = 10

/** Work under a lock takes milliseconds: whoever cannot be asked has ended when it takes this long. */
const SILENCE_MS = 10_000

/** Longest wait for others who are at work. */
const PATIENCE_MS = 30_000

/** A lock file of somebody else is not read further than this. */
const MAX_HOLDER_BYTES = 4096

/** Effects of {@link withFileLock}. */
export interface FileLockDeps {
  readonly clock: Clock
  /** Ends the wait for the lock, with the signal's reason; the work itself goes on to its end. */
  readonly signal?: AbortSignal
}

/** What the work under a lock may ask. */
export interface HeldLock {
  /** Whether the lock is still there; not so when this process was asleep for too long. */
  isHeld(): Promise<boolean>
}

/**
 * Runs `work` while no other process holds the lock `path`, which is a symbolic link that leads
 * nowhere: it comes into being in one step, together with the name of its holder, so that a process
 * killed at any moment leaves a lock that tells who left it. Such a lock is taken over at once; one
 * that was left on another machine or in another container, after ten seconds.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_LOCKED` when others hold it for 30 s,
 *   `ERR_RA_FILE_UNWRITABLE` when it cannot be made, and whatever `work` throws.
 */
export async function withFileLock<T>(
  path: string,
  deps: FileLockDeps,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> {
  const own = newLockHolder()
  await acquire(path, own, deps)
  try {
    return await work({ isHeld: async () => (await holderOf(path)) === own })
  } finally {
    await release(path, own)
  }
}

async function acquire(path: string, own: LockHolder, deps: FileLockDeps): Promise<void> {
  const { clock, signal } = deps
  const startedMs = clock.monotonicMs()
  let other: LockHolder | undefined
  let otherSinceMs = startedMs
  while (!(await create(path, own))) {
    signal?.throwIfAborted()
    const holder = await holderOf(path)
    const nowMs = clock.monotonicMs()
    if (holder !== other) otherSinceMs = nowMs
    other = holder
    if (holder === undefined) continue
    if (hasEnded(holder) ?? nowMs - otherSinceMs >= SILENCE_MS) {
      await takeAway(path, holder, deps)
      continue
    }
    if (nowMs - startedMs >= PATIENCE_MS) throw locked(path)
    await clock.sleep(PAUSE_MS, signal && { signal })
  }
}

/**
 * Removes a lock that was left behind. Under a lock of its own, so that nobody removes the new lock of
 * whoever was faster: nobody else removes this one, and no lock ever has the same holder again.
 */
async function takeAway(path: string, left: LockHolder, deps: FileLockDeps): Promise<void> {
  await withFileLock(`${path}.break`, deps, async () => {
    if ((await holderOf(path)) === left) await rm(path, { force: true })
  })
}

async function release(path: string, own: LockHolder): Promise<void> {
  try {
    if ((await holderOf(path)) === own) await rm(path, { force: true })
  } catch {
    // It is known to be left behind as soon as this process has ended.
  }
}

/** @returns `false` when somebody has it. */
async function create(path: string, own: LockHolder): Promise<boolean> {
  try {
    await symlink(own, path)
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return false
    if (!NO_LINKS.includes(code)) throw unwritable(path, error)
  }
  return createFile(path, own)
}

/** Answers of file systems, and of Windows users, that have no symbolic links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'UNKNOWN']

async function createFile(path: string, own: LockHolder): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(own)
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw unwritable(path, error)
  }
}

/** @returns `undefined` when nobody has it. */
async function holderOf(path: string): Promise<LockHolder | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
  }
  try {
    const { size, mtimeMs } = await lstat(path)
    // Not ours: told from another by what can be told.
    return size > MAX_HOLDER_BYTES ? `${size} ${mtimeMs}` : await readFile(path, 'latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unwritable(path, error)
  }
}

const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error'

const locked = (path: string): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_FILE_LOCKED', `another process holds the lock "${path}"`, {
    hint: 'wait for it; if no other process is at work, remove that file',
  })

const unwritable = (path: string, cause: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_FILE_UNWRITABLE', `cannot make "${path}" (${codeOf(cause)})`, {
    cause,
    hint: 'check who may write to that folder, and that the disk is not full or read-only',
  })
