import { randomBytes, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, unlink } from 'node:fs/promises'
import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Logger } from '../../src/log.js'
import { acceptedTokens } from './accepted-tokens.js'
import { DEFAULT_TOKEN_FILE_MODE, type TokenFileMode } from './token-file-mode.js'

/**
 * How often the file is looked at. SDKs that come with a token from before the next look try again
 * a second later. The file is read and not watched: no notification survives every way to replace
 * it, such as the `..data` link of a Kubernetes volume.
 */
const POLL_MS = 1_000

/** A changed file is read again after this time: who writes it in place may be half way. */
const SETTLE_MS = 100

const MIN_LENGTH = 16
const MAX_LENGTH = 1024

/** Effects of {@link openTokenFile}. */
export interface TokenFileDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Ends the watch. */
  readonly signal: AbortSignal
  /** Permission bits of a file that is made; one that exists keeps its own. Default 0644. */
  readonly mode?: TokenFileMode
}

/** The authorization tokens that are good now. */
export interface TokenFile {
  /** The same array as long as the same tokens are good. */
  tokens(): readonly string[]
}

/**
 * Reads the token that clients must send, or makes the file with a new one: 256 random bits, URL-safe
 * base64, no line feed. A token that somebody replaces in the file takes effect within seconds, and
 * the one before it stays good for an hour. While the file is gone or unusable, the tokens stay as
 * they are.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID`; the message never holds the token.
 */
export async function openTokenFile(path: string, deps: TokenFileDeps): Promise<TokenFile> {
  const { clock, log, signal, mode = DEFAULT_TOKEN_FILE_MODE } = deps
  const accepted = acceptedTokens((await readToken(path)) ?? (await makeToken(path, mode)), clock)
  const pause = async (ms: number): Promise<void> => clock.sleep(ms, { signal, background: true })

  async function poll(): Promise<void> {
    const found = await readToken(path)
    if (found === accepted.current()) return
    await pause(SETTLE_MS)
    const settled = await readToken(path)
    if (settled === undefined) throw invalid(path, 'is gone')
    if (settled !== found || signal.aborted) return
    accepted.replace(settled)
    log.info('authorization token replaced', { previousValidMinutes: accepted.graceMinutes })
  }

  async function watch(): Promise<void> {
    let complained = false
    for (;;) {
      await pause(POLL_MS)
      if (signal.aborted) return
      try {
        await poll()
        complained = false
      } catch (error) {
        if (!complained) log.warn('token file unusable, keeping the token held', { error })
        complained = true
      }
    }
  }

  void watch()
  return { tokens: () => accepted.all() }
}

/** @returns `undefined` when there is no file. */
async function readToken(path: string): Promise<string | undefined> {
  let text: string | undefined
  try {
    text = await readStart(path)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code
    if (reason === 'ENOENT') return undefined
    throw invalid(path, `cannot be read (${reason ?? 'unknown error'})`, cause)
  }
  const token = text?.replace(/\r?\n$/, '') ?? ''
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= MIN_LENGTH && token.length <= MAX_LENGTH) {
    return token
  }
  throw invalid(path, `does not hold a token of ${MIN_LENGTH} to ${MAX_LENGTH} visible characters`)
}

/** @returns `undefined` for what is not a regular file: reading a pipe would wait for a writer. */
async function readStart(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) return undefined
    // One byte more than a token and its line ending may have.
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LENGTH + 3), 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * Written whole under another name and then linked, so that nobody reads half a token and a token
 * that somebody else made in the meantime stays.
 */
async function makeToken(path: string, mode: TokenFileMode): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(token)
      // The umask does not decide who may read it.
      await file.chmod(mode)
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
    ...(cause !== undefined && { cause }),
    hint: 'give a path in a folder that this user may write to, or a file that holds one token',
  })
}
