import type { Clock } from '../clock.js'
import { type ErrorKind, kindOf } from '../errors.js'
import type { Logger } from '../log.js'
import type { ObtainedSession } from '../session/create-session.js'
import { deadline, type Deadline } from '../session/deadline.js'
import {
  type FailureKind,
  refreshDelayMs,
  retryDelayMs,
  SERVE_MARGIN_MS,
} from '../session/refresh-schedule.js'
import { freshness } from './freshness.js'
import type { SessionEntry } from './session-entry.js'
import { readSessionOf, sessionPath, sweepSessions, writeSession } from './session-files.js'
import { identityName, type SessionIdentity } from './session-identity.js'
import { type HeldLock, takeLock } from './session-lock.js'

/** A session as its source gives it, with whose certificate it was obtained. */
export interface IdentifiedSession extends ObtainedSession {
  readonly issuer: string
  readonly serial: string
}

/** Which session is wanted, and how long may be waited for it. */
export interface CachedSessionInit {
  /** A folder that `sessionFolder` trusts. */
  readonly folder: string
  readonly identity: SessionIdentity
  /** Deadline of everything: waiting for another process, and asking the service. */
  readonly timeoutMs: number
}

/** A session as processes share it; the clock offset is for whoever signs with it. */
export type SharedSession = Pick<SessionEntry, 'credentials' | 'clockOffsetMs' | 'issuedAt'>

/** Effects of {@link cachedSession}. */
export interface CachedSessionDeps {
  /** Asks the service for a session, for this long at the most. */
  readonly obtain: (timeoutMs: number, signal: AbortSignal) => Promise<IdentifiedSession>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly signal?: AbortSignal
}

/** Nobody waits longer for a session that is not needed yet. */
const EARLY_TIMEOUT_MS = 5_000

const RETRY_AS: Readonly<Record<ErrorKind, FailureKind>> = {
  internal: 'terminal',
  usage: 'terminal',
  config: 'terminal',
  identity: 'terminal',
  denied: 'terminal',
  unavailable: 'transient',
}

/**
 * The session of an identity, from the cache or from the service; of many processes that need a new
 * one at the same time, one asks the service. A session that is only due for renewal is handed out to
 * all the others meanwhile, and to everybody if the renewal fails.
 *
 * @throws RolesAnywhereError `ERR_RA_SESSION_TIMEOUT`, or what the service was asked in vain with.
 */
export async function cachedSession(
  init: CachedSessionInit,
  deps: CachedSessionDeps,
): Promise<SharedSession> {
  const limit = deadline(init.timeoutMs, deps.clock, deps.signal)
  const path = sessionPath(init.folder, identityName(init.identity))
  try {
    return await current({ path, init, deps, limit })
  } finally {
    limit.clear()
  }
}

/** One process and one entry of the cache. */
interface Visit {
  readonly path: string
  readonly init: CachedSessionInit
  readonly deps: CachedSessionDeps
  readonly limit: Deadline
}

async function current(visit: Visit): Promise<SessionEntry> {
  const { deps, init, limit, path } = visit
  const begun = deps.clock.now()
  for (;;) {
    const entry = readSessionOf(path, init.identity)
    const state = entry ? freshness(entry, deps.clock.now()) : 'spent'
    if (entry && (state === 'fresh' || state === 'held')) return entry
    // As fresh as one's own would be, however short it is.
    if (entry && state !== 'spent' && entry.issuedAt > begun) return entry
    const kept = state === 'spent' ? undefined : entry

    const outcome = await takeLock({
      path: path.replace(/json$/, 'lock'),
      clock: deps.clock,
      signal: limit.signal,
      patienceMs: state === 'due' ? 0 : init.timeoutMs / 2,
    })
    if (kept && state === 'due' && !('held' in outcome)) return kept
    limit.throwIfPassed()
    if ('held' in outcome) {
      return underLock(visit, outcome.held, kept, begun)
    }
    if ('refused' in outcome) throw outcome.refused
    if ('alone' in outcome) {
      deps.log.debug('asking for a session without the lock of the cache', { why: outcome.alone })
      return renew(visit, kept)
    }
  }
}

/** Whoever had the lock before may have put a session there in the meantime. */
async function underLock(
  visit: Visit,
  lock: HeldLock,
  kept: SessionEntry | undefined,
  begun: Date,
): Promise<SessionEntry> {
  const { deps, init, path } = visit
  try {
    const entry = readSessionOf(path, init.identity)
    if (entry && entry.issuedAt.getTime() !== kept?.issuedAt.getTime()) {
      const state = freshness(entry, deps.clock.now())
      if (state === 'fresh' || (state !== 'spent' && entry.issuedAt > begun)) {
        lock.release()
        return entry
      }
    }
    const renewed = await renew(visit, kept)
    lock.release()
    return renewed
  } catch (error) {
    lock.release(deps.signal?.aborted ? undefined : error)
    throw error
  }
}

/** A session from the service, or the one that is kept if it is still good and the failure allows it. */
async function renew(visit: Visit, kept: SessionEntry | undefined): Promise<SessionEntry> {
  const { deps, init, limit } = visit
  const early = kept !== undefined && freshness(kept, deps.clock.now()) === 'due'
  const timeoutMs = Math.min(limit.remainingMs(), early ? EARLY_TIMEOUT_MS : Infinity)
  try {
    const session = await deps.obtain(timeoutMs, limit.signal)
    const entry = entryOf(session, init.identity, deps)
    save(visit, entry)
    return entry
  } catch (error) {
    if (deps.signal?.aborted || !kept) throw error
    // What the service refuses, or this machine's own files, must come to light before it is too late.
    if (!early && kindOf(error) !== 'unavailable') throw error
    deps.log.warn('the session could not be renewed, the old one is still good', {
      error,
      expiration: kept.credentials.expiration,
    })
    save(visit, putOff(kept, error, deps))
    return kept
  }
}

function entryOf(
  session: IdentifiedSession,
  identity: SessionIdentity,
  { clock, random }: CachedSessionDeps,
): SessionEntry {
  const { credentials, clockOffsetMs, issuer, serial } = session
  const issuedAt = clock.now()
  const lifeMs = credentials.expiration.getTime() - (issuedAt.getTime() + clockOffsetMs)
  const refreshAt = new Date(issuedAt.getTime() + refreshDelayMs(lifeMs, random()))
  return {
    ...{ identity, credentials, issuer, serial, issuedAt, refreshAt, clockOffsetMs },
    retryAt: undefined,
    failures: 0,
  }
}

/** The same session, which nobody tries to renew for a while. */
function putOff(kept: SessionEntry, error: unknown, deps: CachedSessionDeps): SessionEntry {
  const failures = kept.failures + 1
  const nowMs = deps.clock.now().getTime()
  const leftMs = kept.credentials.expiration.getTime() - (nowMs + kept.clockOffsetMs)
  const servedForMs = leftMs - SERVE_MARGIN_MS
  const waitMs = retryDelayMs(RETRY_AS[kindOf(error)], failures, deps.random(), { servedForMs })
  return { ...kept, failures, retryAt: new Date(nowMs + waitMs) }
}

function save({ path, init, deps }: Visit, entry: SessionEntry): void {
  try {
    writeSession(path, entry, deps.random)
    sweepSessions(init.folder, deps.clock.now())
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    deps.log.warn(`the session cache in "${init.folder}" cannot be written (${code})`)
  }
}
