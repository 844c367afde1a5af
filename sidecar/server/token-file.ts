import { randomBytes, randomUUID } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Logger } from '../../src/log.js'

/** How often the file is looked at for a new token. */
const POLL_MS = 10_000

/** A replaced token stays good this long: AWS CLI v2 reads it once, at the start of a command. */
const GRACE_MS = 60 * 60_000

const MIN_LENGTH = 16
const MAX_LENGTH = 1024

/** Effects of {@link openTokenFile}. */
export interface TokenFileDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** The authorization tokens that are good now. */
export interface TokenFile {
  tokens(): readonly string[]
}

interface Retired {
  readonly token: string
  readonly untilMs: number
}

/**
 * Reads the token that clients must send, or makes the file with a new one: 256 random bits, URL-safe
 * base64, no line feed. A token that somebody replaces in the file takes effect within seconds, and
 * the one before it stays good for an hour.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID`; the message never holds the token.
 */
export async function openTokenFile(path: string, deps: TokenFileDeps): Promise<TokenFile> {
  let current = (await readToken(path)) ?? (await makeToken(path))
  let retired: readonly Retired[] = []

  async function poll(): Promise<void> {
    const found = await readToken(path)
    if (found === undefined || found === current) return
    const nowMs = deps.clock.monotonicMs()
    retired = [
      ...retired.filter(({ untilMs }) => untilMs > nowMs),
      { token: current, untilMs: nowMs + GRACE_MS },
    ]
    current = found
    deps.log.info('authorization token replaced', { previousValidMinutes: GRACE_MS / 60_000 })
  }

  async function watch(): Promise<void> {
    let complained = false
    while (!deps.signal.aborted) {
      await deps.clock.sleep(POLL_MS, { signal: deps.signal, background: true })
      try {
        await poll()
        complained = false
      } catch (error) {
        if (!complained) deps.log.warn('token file unusable, keeping the token held', { error })
        complained = true
      }
    }
  }

  void watch()
  return {
    tokens: () => {
      const nowMs = deps.clock.monotonicMs()
      const graced = retired.filter(({ untilMs }) => untilMs > nowMs)
      return [current, ...graced.map(({ token }) => token)]
    },
  }
}

/** @returns `undefined` when there is no file. */
async function readToken(path: string): Promise<string | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    if (reason === 'ENOENT') return undefined
    throw invalid(path, `cannot be read (${reason ?? 'unknown error'})`, cause)
  }
  const token = text.replace(/\r?\n$/, '')
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= MIN_LENGTH && token.length <= MAX_LENGTH) {
    return token
  }
  throw invalid(path, `does not hold a token of ${MIN_LENGTH} to ${MAX_LENGTH} visible characters`)
}

/**
 * Written whole under another name and then linked, so that nobody reads half a token and a token
 * that somebody else made in the meantime stays. Other users of the pod may read it: who can reach
 * it is decided by the volume that it lies in.
 */
async function makeToken(path: string): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(token)
      // The umask does not decide who may read it.
      await file.chmod(0o644)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
    return token
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    const found = reason === 'EEXIST' ? await readToken(path) : undefined
    if (found !== undefined) return found
    throw invalid(path, `cannot be written (${reason ?? 'unknown error'})`, cause)
  } finally {
    await unlink(temporary).catch(() => {
      // Never made.
    })
  }
}

function invalid(path: string, what: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_TOKEN_FILE_INVALID', `token file "${path}" ${what}`, {
    cause,
    hint: 'give a path in a folder that this user may write to, or a file that holds one token',
  })
}
