import type { Clock } from '../clock.js'
import { type ErrorKind, RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import { serviceFaultOf } from '../protocol/service-error.js'
import type { ObtainedSession, Retries } from './create-session.js'
import {
  CLOCK_CHECK_MS,
  type FailureKind,
  refreshDelayMs,
  retriesWithin,
  retryDelayMs,
  SERVE_MARGIN_MS,
} from './refresh-schedule.js'

/** Holds a session and renews it in the background, so that nobody who asks ever waits for AWS. */
export interface SessionKeeper {
  /**
   * The session held, as long as it has at least a minute left by both clocks. Never waits; an attempt
   * that is due begins at once when the loop has yet to notice, as after the machine was suspended.
   */
  current(): ObtainedSession | undefined
  /** What is going on, for people and for metrics. */
  status(): KeeperStatus
  /** Whether a session is held that should have been renewed by now; for those who ask often. */
  isStale(): boolean
  /** Why the last attempt failed; `undefined` after a success. */
  lastFailure(): unknown
  /** Resolves with the first session, or rejects when the keeper is stopped without one. */
  first(): Promise<ObtainedSession>
  /**
   * The session held, or else what the attempt under way brings. Between attempts, it rejects at once
   * with what the last one failed with.
   */
  obtained(): Promise<ObtainedSession>
  /** Tries at once: the certificate or the configuration changed. */
  wake(): void
  /** Ends the loop and the call under way. */
  stop(): Promise<void>
}

/** What is known of the session of a role. */
export interface KeeperStatus {
  /** End of the session held; absent when there is none with a minute left. */
  readonly expiration?: Date
  /** When the session held came. */
  readonly refreshedAt?: Date
  /** When the next attempt is due; absent while one is under way. */
  readonly nextAttemptAt?: Date
  /** Whether the session held should have been renewed by now. */
  readonly stale: boolean
  /** Failures since the last success. */
  readonly failures: number
  /** When the last of them was. */
  readonly failedAt?: Date
}

/** Effects of {@link keepSession}. */
export interface SessionKeeperDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Renew at the latest after this time, however long the session lives. */
  readonly refreshIntervalMs?: number
  /** The first attempt comes after a random share of this time, so that a fleet spreads out. */
  readonly startSpreadMs?: number
  /** Somebody is going to wait for the first attempt. */
  readonly firstAwaited?: boolean
  /** Let the process end while waiting. */
  readonly background?: boolean
  /** Told the outcome of every attempt. */
  readonly onAttempt?: (outcome: AttemptOutcome) => void
}

/** One attempt, for metrics and status pages. */
export interface AttemptOutcome {
  readonly error?: unknown
  readonly session?: ObtainedSession
  readonly durationMs: number
}

/** A moment, on both clocks. */
interface Due {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** A session with what the clocks said when it came. */
interface Held {
  readonly session: ObtainedSession
  readonly lifeMs: number
  readonly since: Date
  readonly sinceMonotonicMs: number
  /** Time after `since` at which it is to be renewed. */
  readonly dueMs: number
}

/**
 * Starts keeping a session fresh.
 *
 * A session is renewed at {@link refreshDelayMs}, on the wall clock or on the monotonic clock,
 * whichever comes first: the one misses a suspended machine, the other a corrected clock. After a
 * failure the session held stays in use until its end.
 *
 * @param fetch Obtains a new session; only one call is under way at a time. Told how much trying is left
 *   to it: attempts have waits of their own between them.
 */
export function keepSession(
  fetch: (signal: AbortSignal, retries: () => Retries) => Promise<ObtainedSession>,
  deps: SessionKeeperDeps,
): SessionKeeper {
  const { clock, random, log } = deps
  const stopping = new AbortController()
  let wakeUp = new AbortController()
  let held: Held | undefined
  let failure: unknown
  let failures = 0
  let failedAt: Date | undefined
  let nextAttempt: Due | undefined
  const first = pending<ObtainedSession>()
  let outcome = pending<ObtainedSession>()
  /** Somebody waits for the outcome. */
  let awaited = deps.firstAwaited === true

  async function attempt(): Promise<number> {
    const startedMs = clock.monotonicMs()
    nextAttempt = undefined
    try {
      const session = await fetch(stopping.signal, () => retriesWithin(failures, awaited))
      const lifeMs = session.credentials.expiration.getTime() - serviceNowMs(session)
      const delayMs = refreshDelayMs(lifeMs, random(), {
        intervalMs: deps.refreshIntervalMs,
        afterNone: servedForMs() <= 0,
      })
      const sinceMonotonicMs = clock.monotonicMs()
      held = { session, lifeMs, since: clock.now(), sinceMonotonicMs, dueMs: delayMs }
      failure = undefined
      failures = 0
      failedAt = undefined
      first.resolve(session)
      outcome.resolve(session)
      deps.onAttempt?.({ session, durationMs: clock.monotonicMs() - startedMs })
      log.info('session refreshed', {
        expiration: session.credentials.expiration,
        nextRefreshAt: new Date(clock.now().getTime() + delayMs),
        accessKeyId: session.credentials.accessKeyId,
        assumedRoleArn: session.assumedRoleArn,
        source: session.source,
      })
      return delayMs
    } catch (error) {
      if (stopping.signal.aborted) return 0
      failure = error
      failures++
      failedAt = clock.now()
      outcome.reject(error)
      const delayMs = retryDelayMs(failureKind(error), failures, random(), {
        retryAfterMs: serviceFaultOf(error)?.retryAfterMs,
        servedForMs: servedForMs(),
      })
      deps.onAttempt?.({ error, durationMs: clock.monotonicMs() - startedMs })
      const fields = {
        error,
        hint: error instanceof RolesAnywhereError ? error.hint : undefined,
        failures,
        nextAttemptAt: new Date(clock.now().getTime() + delayMs),
        servingUntil: current()?.credentials.expiration,
      }
      if (current()) log.warn('refresh failed, keeping the session held', fields)
      else log.error('no session', fields)
      return delayMs
    }
  }

  /** Looks at both clocks now and then instead of trusting one long timer. */
  async function wait(ms: number): Promise<void> {
    const due = { wallMs: clock.now().getTime() + ms, monotonicMs: clock.monotonicMs() + ms }
    nextAttempt = due
    const { signal } = wakeUp
    while (!signal.aborted) {
      const leftMs = untilMs(due)
      if (leftMs <= 0) break
      const options = { signal, ...(deps.background && { background: true }) }
      await clock.sleep(Math.min(leftMs, CLOCK_CHECK_MS), options)
    }
    if (wakeUp.signal.aborted) wakeUp = new AbortController()
  }

  async function loop(): Promise<void> {
    if (deps.startSpreadMs) await wait(deps.startSpreadMs * random())
    while (!stopping.signal.aborted) {
      const delayMs = await attempt()
      outcome = pending()
      awaited = false
      await wait(delayMs)
    }
  }

  async function obtained(): Promise<ObtainedSession> {
    const session = current()
    if (session) return session
    const waiting = nextAttempt !== undefined
    if (waiting && failure !== undefined) return Promise.reject(failure)
    // The machine was suspended until after the end of the session, and the loop has yet to notice.
    if (waiting) wakeUp.abort()
    awaited = true
    return outcome.promise
  }

  function status(): KeeperStatus {
    const session = current()
    return {
      ...(held &&
        session && {
          expiration: session.credentials.expiration,
          refreshedAt: held.since,
        }),
      ...(nextAttempt && { nextAttemptAt: new Date(nextAttempt.wallMs) }),
      stale: isStale(),
      failures,
      ...(failedAt && { failedAt }),
    }
  }

  const isStale = (): boolean =>
    held !== undefined && ageMs(held) > held.dueMs && current() !== undefined

  /** By the clock that went further. */
  const ageMs = ({ since, sinceMonotonicMs }: Held): number =>
    Math.max(clock.now().getTime() - since.getTime(), clock.monotonicMs() - sinceMonotonicMs)

  const serviceNowMs = (session: ObtainedSession): number =>
    clock.now().getTime() + session.clockOffsetMs

  /** By the clock that is there first. */
  const untilMs = ({ wallMs, monotonicMs }: Due): number =>
    Math.min(monotonicMs - clock.monotonicMs(), wallMs - clock.now().getTime())

  function current(): ObtainedSession | undefined {
    if (nextAttempt && untilMs(nextAttempt) <= 0) wakeUp.abort()
    return servedForMs() > 0 ? held?.session : undefined
  }

  /** How long the session held may still be handed out, by the clock that went further. */
  function servedForMs(): number {
    if (!held) return 0
    const { session, lifeMs, sinceMonotonicMs } = held
    const byWallMs = session.credentials.expiration.getTime() - serviceNowMs(session)
    const byMonotonicMs = lifeMs - (clock.monotonicMs() - sinceMonotonicMs)
    return Math.min(byWallMs, byMonotonicMs) - SERVE_MARGIN_MS
  }

  const ended = loop()
  return {
    current,
    status,
    isStale,
    obtained,
    lastFailure: () => failure,
    first: () => first.promise,
    wake: () => wakeUp.abort(),
    async stop() {
      stopping.abort()
      wakeUp.abort()
      await ended
      const none = new RolesAnywhereError('ERR_RA_NO_SESSION', 'stopped before the first session')
      first.reject(none)
      outcome.reject(none)
    },
  }
}

interface Pending<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

function pending<T>(): Pending<T> {
  let settle: Pick<Pending<T>, 'resolve' | 'reject'> | undefined
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }))
  // Whoever waits handles the rejection; a keeper that nobody waits for must not end the process.
  promise.catch(() => {})
  return {
    promise,
    resolve: (value) => settle?.resolve(value),
    reject: (error) => settle?.reject(error),
  }
}

const FAILURE_KIND: Readonly<Record<ErrorKind, FailureKind>> = {
  unavailable: 'transient',
  internal: 'transient',
  denied: 'terminal',
  identity: 'terminal',
  config: 'terminal',
  usage: 'terminal',
}

function failureKind(error: unknown): FailureKind {
  if (!(error instanceof RolesAnywhereError)) return 'transient'
  return error.code === 'ERR_RA_THROTTLED' ? 'throttled' : FAILURE_KIND[error.kind]
}
