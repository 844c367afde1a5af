import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { isOwn } from './cache-folder.js'
import { entryText, parseEntry, sameIdentity, type SessionEntry } from './session-entry.js'
import type { SessionIdentity } from './session-identity.js'

/** A session with its certificates is below 32 KiB; anything larger was not written here. */
const MAX_ENTRY_BYTES = 64 * 1024

/** A link is not followed, and a pipe in the place of a file is not waited for. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** What this program puts into the folder: `NAME.json`, `NAME.PID-RANDOM.tmp`, `NAME.lock`. */
const OURS = /^[0-9a-f]{16}\.(json|lock|\d+-[0-9a-z]+\.tmp)$/

/** No process takes this long to write a file, and none holds a lock for longer than its `--timeout`. */
const LEFTOVER_MS = 10 * 60_000

/** No session lives longer. */
const MAX_LIFE_MS = 12 * 60 * 60_000

/** Path of the file of a session. */
export const sessionPath = (folder: string, name: string): string => join(folder, `${name}.json`)

/**
 * Reads a session's file.
 *
 * @returns `undefined` when there is none, or anything but a whole one that only this user can have
 *   written.
 */
export function readSession(path: string): SessionEntry | undefined {
  try {
    const file = openSync(path, READ)
    try {
      const found = fstatSync(file)
      if (!found.isFile() || !isOwn(found) || found.size > MAX_ENTRY_BYTES) return undefined
      if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) return undefined
      const bytes = Buffer.allocUnsafe(found.size)
      const length = readSync(file, bytes)
      return parseEntry(bytes.toString('utf8', 0, length))
    } finally {
      closeSync(file)
    }
  } catch {
    // Not there, or not readable: it is replaced by the next session.
    return undefined
  }
}

/** As {@link readSession}, for the session of one identity. */
export function readSessionOf(path: string, identity: SessionIdentity): SessionEntry | undefined {
  const entry = readSession(path)
  return entry && sameIdentity(entry.identity, identity) ? entry : undefined
}

/**
 * Puts a session in the place of the one before, in one step for every reader. Not forced onto the
 * disk: what a power failure leaves half written is no whole entry, and costs one CreateSession.
 *
 * @param random Uniform in [0, 1); tells temporary files of one process from each other.
 * @throws Error from the file system.
 */
export function writeSession(path: string, entry: SessionEntry, random: () => number): void {
  const unique = `${process.pid}-${random().toString(36).slice(2) || '0'}`
  const temporary = path.replace(/json$/, `${unique}.tmp`)
  const file = openSync(temporary, 'wx', 0o600)
  try {
    try {
      const bytes = Buffer.from(entryText(entry))
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Names of the sessions in a folder that can be read, with what they hold. */
export function listSessions(folder: string): SessionEntry[] {
  return readdirSync(folder)
    .filter((file) => /^[0-9a-f]{16}\.json$/.test(file))
    .flatMap((file) => readSession(join(folder, file)) ?? [])
}

/**
 * Removes everything that this program has put into the folder.
 *
 * @returns how many sessions were among it.
 * @throws Error from the file system.
 */
export function clearSessions(folder: string): number {
  const files = readdirSync(folder).filter((file) => OURS.test(file))
  // The lock of a process at work stays with it: others would make a second session.
  for (const file of files) if (!file.endsWith('.lock')) rmSync(join(folder, file), { force: true })
  return files.filter((file) => file.endsWith('.json')).length
}

/** Removes what killed processes have left, and sessions that have ended for certain. */
export function sweepSessions(folder: string, now: Date): void {
  for (const file of readdirSync(folder)) {
    if (!OURS.test(file)) continue
    try {
      const ageMs = now.getTime() - lstatSync(join(folder, file)).mtimeMs
      if (ageMs > (file.endsWith('.json') ? MAX_LIFE_MS : LEFTOVER_MS)) rmSync(join(folder, file))
    } catch {
      // Somebody else was faster, or it is a folder: neither is in the way.
    }
  }
}
