import { randomBytes, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, unlink } from 'node:fs/promises'
import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Logger } from '../../src/log.js'
import { untilAborted } from '../until-aborted.js'
import { acceptedTokens } from './accepted-tokens.js'
import { pacedLooks } from './paced-looks.js'
import { DEFAULT_TOKEN_FILE_MODE, type TokenFileMode } from './token-file-mode.js'

/**
 * How often the file is looked at besides the looks that are asked for. It is read and not watched:
 * no notification survives every way to replace it, such as the `..data` link of a Kubernetes volume.
 */
const POLL_MS = 1_000

/** A changed file is read again after this time: who writes it in place may be half way. */
const SETTLE_MS = 100

/**
 * Nobody waits longer for a look that was asked for, since a file system may hang: twenty short waits
 * and not one of two seconds, of which a process that was held up for long would have none left.
 */
const WAIT_STEP_MS = 100
const WAIT_STEPS = 20

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
  /**
   * Looks at the file now instead of with the next poll, for a client that comes with a token that is
   * not known. Looks are shared, and there are at most ten a second.
   *
   * @returns when {@link TokenFile.tokens} are those of a file that was read after this call; after
   *   about two seconds in any case. Never rejects.
   */
  look(): Promise<void>
}

/**
 * Reads the token that clients must send, or makes the file with a new one: 256 random bits, URL-safe
 * base64, no line feed. A token that somebody replaces in the file takes effect with the next look, and
 * the one before it stays good for an hour. While the file is gone or unusable, the tokens stay as
 * they are.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID`; the message never holds the token.
 */
export async function openTokenFile(path: string, deps: TokenFileDeps): Promise<TokenFile> {
  const { clock, log, signal, mode = DEFAULT_TOKEN_FILE_MODE } = deps
  const accepted = acceptedTokens((await readToken(path)) ?? (await makeToken(path, mode)), clock)
  const pause = async (ms: number): Promise<void> => clock.sleep(ms, { signal, background: true })

  async function compare(): Promise<void> {
    let found = await readToken(path)
    // Whoever asks for a look has read what is there now: it is waited for until it stays the same.
    while (found !== accepted.current()) {
      await pause(SETTLE_MS)
      if (signal.aborted) return
      const settled = await readToken(path)
      if (settled === undefined) throw invalid(path, 'is gone')
      if (settled === found) {
        accepted.replace(settled)
        log.info('authorization token replaced', { previousValidMinutes: accepted.graceMinutes })
      }
      found = settled
    }
  }

  let complained = false
  async function look(): Promise<void> {
    try {
      await compare()
      complained = false
    } catch (error) {
      if (!complained) log.warn('token file unusable, keeping the token held', { error })
      complained = true
    }
  }

  const looks = pacedLooks(look, { clock, signal })

  async function watch(): Promise<void> {
    for (;;) {
      await pause(POLL_MS)
      if (signal.aborted) return
      await untilAborted(looks.next())
    }
  }

  void watch()
  return {
    tokens: () => accepted.all(),
    async look() {
      const ended = looks.next()
      for (let step = 0; step < WAIT_STEPS && !ended.aborted && !signal.aborted; step++) {
        await clock.sleep(WAIT_STEP_MS, { signal: ended, background: true })
      }
    },
  }
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
