import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import { errorCode } from './write-files.js'

const PATIENCE_MS = 30_000
const PAUSE_MS = 100

/**
 * Runs `work` while nobody else changes the CA in this folder, which must exist.
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
    await file.close()
    return true
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST') return false
    const reason = errorCode(cause)
    throw new RolesAnywhereError('ERR_RA_FILE_UNWRITABLE', `cannot write "${path}" (${reason})`, {
      cause,
      hint: 'check who may write to that folder',
    })
  }
}
