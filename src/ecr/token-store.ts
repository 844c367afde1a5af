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
import { homedir } from 'node:os'
import { join } from 'node:path'
import { cacheBase, cacheFolder, isOwn } from '../cache/cache-folder.js'
import { type LockOutcome, takeLock } from '../cache/session-lock.js'
import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import { Secret } from '../secret.js'

/** A place that the processes of one user share, where one text is kept under each name. */
export interface TokenStore {
  /** @returns `undefined` when nothing is there that only this user can have written. */
  read(name: string): Secret | undefined
  /** In one step for every reader; a failure is a line in the log. */
  write(name: string, text: Secret): void
  /** Asks to be the only one who renews what is under a name. */
  lock(name: string): Promise<LockOutcome>
}

/** Effects of {@link openTokenStore}. */
export interface TokenStoreDeps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly log: Logger
  /** Uniform in [0, 1); tells temporary files of one process from each other. */
  readonly random: () => number
  /** Gives up waiting. */
  readonly signal: AbortSignal
}

/** Passwords have a few kilobytes; ECR does not promise that. */
const MAX_ENTRY_BYTES = 256 * 1024

/** A link is not followed, and a pipe in the place of a file is not waited for. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** What this program puts into the folder: `NAME.json`, `NAME.PID-RANDOM.tmp`, `NAME.lock`. */
const OURS = /^[0-9a-f]{32}\.(json|\d+-[0-9a-z]+\.tmp)$/

/** Its folder in the cache folder. */
export const TOKEN_FOLDER = 'registry-tokens'

/** No password lives longer. */
const MAX_LIFE_MS = 12 * 60 * 60_000

/** The holder of a lock gives a sign each second. */
const PATIENCE_MS = 5_000

/**
 * The store of the user, in the cache folder (`ROLESANYWHERE_CACHE_DIR`, else one below the home).
 * Without a folder that only this user can write, nothing is kept and nobody is waited for.
 */
export function openTokenStore(deps: TokenStoreDeps): TokenStore {
  const { env, clock, log, random, signal } = deps
  const folder = cacheFolder(cacheBase(env, homedir), TOKEN_FOLDER)
  if ('problem' in folder) {
    log.debug('registry passwords are not kept on disk', { problem: folder.problem })
    const alone = { alone: folder.problem }
    return { read: () => undefined, write: () => {}, lock: async () => Promise.resolve(alone) }
  }
  const pathOf = (name: string): string => join(folder.path, `${name}.json`)
  return {
    read: (name) => readEntry(pathOf(name)),
    write(name, text) {
      try {
        writeEntry(pathOf(name), text, `${process.pid}-${random().toString(36).slice(2) || '0'}`)
        sweep(folder.path, clock.now())
      } catch (error) {
        log.warn('the registry password cannot be kept on disk', { error })
      }
    },
    lock: async (name) =>
      takeLock({ path: join(folder.path, `${name}.lock`), clock, signal, patienceMs: PATIENCE_MS }),
  }
}

/**
 * Every text that is kept in the folder of a store.
 *
 * @throws Error from the file system.
 */
export function listEntries(folder: string): Secret[] {
  return readdirSync(folder)
    .filter((file) => OURS.test(file) && file.endsWith('.json'))
    .flatMap((file) => readEntry(join(folder, file)) ?? [])
}

/**
 * Removes every text from the folder of a store. The locks of processes at work stay.
 *
 * @returns how many there were.
 * @throws Error from the file system.
 */
export function clearEntries(folder: string): number {
  const files = readdirSync(folder).filter((file) => OURS.test(file))
  for (const file of files) rmSync(join(folder, file), { force: true })
  return files.filter((file) => file.endsWith('.json')).length
}

function readEntry(path: string): Secret | undefined {
  try {
    const file = openSync(path, READ)
    try {
      const found = fstatSync(file)
      if (!found.isFile() || !isOwn(found) || found.size > MAX_ENTRY_BYTES) return undefined
      if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) return undefined
      const bytes = Buffer.allocUnsafe(found.size)
      return new Secret(bytes.toString('utf8', 0, readSync(file, bytes)))
    } finally {
      closeSync(file)
    }
  } catch {
    // Not there, or not readable: the next password replaces it.
    return undefined
  }
}

/** Not forced onto the disk: what a power failure leaves half written costs one call. */
function writeEntry(path: string, text: Secret, unique: string): void {
  const temporary = path.replace(/json$/, `${unique}.tmp`)
  const file = openSync(temporary, 'wx', 0o600)
  try {
    try {
      const bytes = Buffer.from(text.reveal())
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

/** Removes what killed processes have left, and passwords that have ended for certain. */
function sweep(folder: string, now: Date): void {
  for (const file of readdirSync(folder)) {
    if (!OURS.test(file)) continue
    try {
      const path = join(folder, file)
      if (now.getTime() - lstatSync(path).mtimeMs > MAX_LIFE_MS) rmSync(path)
    } catch {
      // Somebody else was faster.
    }
  }
}
