import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import { errorCode } from './write-files.js'

const PATIENCE_MS = 30_000
const PAUSE_MS = 100

/** No run takes anywhere near it. Counts where the process cannot be asked about. */
const STALE_MS = 10 * 60_000

/**
 * Runs `work` while nobody else changes the CA in this folder, which must exist. A lock that was left
 * by a process that is gone is taken over.
 *
 * @throws RolesAnywhereError `ERR_RA_PKI_INVALID` when another run does not end within 30 s,
 *   `ERR_RA_FILE_UNWRITABLE`, and whatever `work` throws.
 */
export async function withLock<T>(
  directory: string,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(directory, '.lock')
  await acquire(path, clock)
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function acquire(path: string, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS
  while (!(await tryCreate(path))) {
    if (await removeIfStale(path, clock)) continue
    if (clock.monotonicMs() >= deadlineMs) {
      throw new RolesAnywhereError('ERR_RA_PKI_INVALID', `CA is locked by "${path}"`, {
        hint: 'wait for the other pki command; if none is running, remove that file',
      })
    }
    await clock.sleep(PAUSE_MS)
  }
}

async function tryCreate(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${process.pid} ${hostname()}\n`)
    } catch (cause) {
      await rm(path, { force: true })
      throw cause
    } finally {
      await file.close()
    }
    return true
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false
    const reason = errorCode(cause)
    throw new RolesAnywhereError('ERR_RA_FILE_UNWRITABLE', `cannot write "${path}" (${reason})`, {
      cause,
      hint: 'check who may write to that folder, and that the disk is not full',
    })
  }
}

/** Moves a stale lock aside, so that of several waiters one removes it, and removes it. */
async function removeIfStale(path: string, clock: Clock): Promise<boolean> {
  const aside = `${path}.${process.pid}`
  try {
    const holder = await readFile(path, 'utf8')
    if (!isStale(holder, (await stat(path)).mtime, clock.now())) return false
    await rename(path, aside)
    // Another waiter was faster, and this is its new lock.
    const mistaken = (await readFile(aside, 'utf8')) !== holder
    await (mistaken ? rename(aside, path) : rm(aside))
    return !mistaken
  } catch {
    // It went away meanwhile, or cannot be read or moved: the caller tries again until its time is up.
    return false
  }
}

function isStale(holder: string, since: Date, now: Date): boolean {
  const [, pid, host] = /^(\d{1,10}) (.+)\n$/.exec(holder) ?? []
  if (host === hostname()) return !isRunning(Number(pid))
  return now.getTime() - since.getTime() > STALE_MS
}

/** Signal 0 reaches a process without doing anything to it. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return errorCode(error) !== 'ESRCH'
  }
}
