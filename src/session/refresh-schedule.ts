import type { Retries } from './create-session.js'

const MINUTE_MS = 60_000

/** A session is handed out until this long before its end: a request signed with it must still arrive. */
export const SERVE_MARGIN_MS = MINUTE_MS

/** Largest share of the wait by which a refresh is brought forward, so that a fleet spreads out. */
const SPREAD = 0.1

/**
 * The same for a session that came when there was none. A whole fleet may have started with it, or come
 * back from an outage: it is taken apart once. A fleet that needs half of its quota is through with
 * such a crowd after half of the wait, so nobody who renews early is in the way of those without.
 */
const SPREAD_AFTER_NONE = 0.5

/** Sessions that end soon, by the service or by a wrong clock, are no reason to ask without a pause. */
const MIN_REFRESH_MS = 10_000

/** Longest wait between two looks at the clocks; a suspended machine wakes up this late at the most. */
export const CLOCK_CHECK_MS = 30_000

/**
 * Widest window before its end in which any AWS SDK asks for a session to be renewed, by the life that
 * the session had when it was issued.
 */
export function sdkRefreshWindowMs(lifeMs: number): number {
  if (lifeMs < 20 * MINUTE_MS) return 5 * MINUTE_MS
  if (lifeMs < 90 * MINUTE_MS) return 15 * MINUTE_MS
  return 60 * MINUTE_MS
}

/**
 * How long after it was issued a session is to be renewed: at two thirds of its life or where the
 * SDKs' window begins, whichever comes first, brought forward by a random share.
 *
 * @param lifeMs Life of the session when it was issued.
 * @param random Uniform in [0, 1).
 */
export function refreshDelayMs(
  lifeMs: number,
  random: number,
  { intervalMs = Number.POSITIVE_INFINITY, afterNone = false }: RefreshCircumstances = {},
): number {
  const latest = Math.min((lifeMs * 2) / 3, lifeMs - sdkRefreshWindowMs(lifeMs), intervalMs)
  const spread = afterNone ? SPREAD_AFTER_NONE : SPREAD
  return Math.max(MIN_REFRESH_MS, latest * (1 - spread * random))
}

/** What else the time of a refresh depends on. */
export interface RefreshCircumstances {
  /** Renew at the latest after this time, however long the session lives. */
  readonly intervalMs?: number | undefined
  /** There was no session to hand out when this one came: the first one, or the end of an outage. */
  readonly afterNone?: boolean
}

/**
 * How often one attempt calls the service. Attempts have waits of their own between them, so calls
 * within one are for those that gain by it: somebody who waits for the outcome, and the first failure,
 * which is a broken connection more often than an outage. More calls do not help against throttling.
 *
 * @param failures Attempts that failed since the last session.
 * @param awaited Whether somebody waits for the outcome.
 */
export function retriesWithin(failures: number, awaited: boolean): Retries {
  if (awaited) return 'all'
  return failures === 0 ? 'untilThrottled' : 'afterHanging'
}

/** What kind of failure a wait follows. */
export type FailureKind = 'transient' | 'throttled' | 'terminal'

interface Retry {
  /** Bound of the first wait. */
  readonly firstMs: number
  /** Cap of the bound while there is a session to hand out: a share of the time that is left of it. */
  readonly shareOfLife: number
  /** That cap is never lower; no bound is higher than {@link LONGEST_MS}. */
  readonly leastCapMs: number
  /** Cap of the bound while there is none, and applications stand still. */
  readonly capWithoutMs: number
  /** Share of the bound that is waited in any case. */
  readonly leastShare: number
  /** With a session in hand the first bound is the cap already. */
  readonly yields: boolean
}

/** No bound is higher: whoever mends something sees that it is mended within this time. */
const LONGEST_MS = 5 * MINUTE_MS

const RETRY: Readonly<Record<FailureKind, Retry>> = {
  transient: {
    firstMs: 1_000,
    shareOfLife: 1 / 10,
    leastCapMs: 15_000,
    capWithoutMs: 15_000,
    leastShare: 0,
    yields: false,
  },
  // Never urgent: asking more often is what it is throttled for. Who has a session leaves the quota to
  // those who have none.
  throttled: {
    firstMs: 5_000,
    shareOfLife: 1 / 4,
    leastCapMs: 30_000,
    capWithoutMs: 2 * MINUTE_MS,
    leastShare: 0,
    yields: true,
  },
  // Nothing that waiting mends: new certificate files and new settings wake the loop. But a session
  // is not to run out while the loop sleeps and the cause is long gone.
  terminal: {
    firstMs: MINUTE_MS,
    shareOfLife: 1 / 2,
    leastCapMs: MINUTE_MS,
    capWithoutMs: LONGEST_MS,
    leastShare: 0.5,
    yields: false,
  },
}

/** Keeps a failing loop from spinning, whatever the dice say. */
const LEAST_MS = 250

/** What else a wait depends on. */
export interface RetryCircumstances {
  /** How long the session held may still be handed out; not positive without one. */
  readonly servedForMs: number
  /** What the service asked for, if it did. */
  readonly retryAfterMs?: number | undefined
}

/** `Retry-After` is heeded up to this time; sessions are renewed long before they end. */
const MAX_RETRY_AFTER_MS = 2 * MINUTE_MS

/** Everybody was told the same time: they come back spread over this share of it. */
const RETRY_AFTER_SPREAD = 0.25

/**
 * Wait after the `failures`-th failure in a row: uniform ("full jitter") below a bound that doubles
 * each time; after a failure that waiting does not mend, at least half of the bound. The cap of the
 * bound follows the life that is left: with hours there is no reason to hammer, with minutes there is.
 * Hence the next attempt comes within the first half of what is left, or within a minute. Never
 * shorter than what the service asked for, as long as that is sensible.
 *
 * @param random Uniform in [0, 1).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(
  kind: FailureKind,
  failures: number,
  random: number,
  { servedForMs, retryAfterMs = 0 }: RetryCircumstances,
): number {
  const bound = boundMs(RETRY[kind], failures, servedForMs)
  const least = Math.max(LEAST_MS, bound * RETRY[kind].leastShare)
  const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) * (1 + RETRY_AFTER_SPREAD * random)
  return Math.max(least + (bound - least) * random, asked)
}

function boundMs(retry: Retry, failures: number, servedForMs: number): number {
  const { firstMs, leastCapMs, capWithoutMs, yields } = retry
  const shareMs = Math.max(servedForMs, 0) * retry.shareOfLife
  const capMs = servedForMs > 0 ? Math.min(LONGEST_MS, Math.max(leastCapMs, shareMs)) : capWithoutMs
  const startMs = yields ? Math.max(firstMs, shareMs) : firstMs
  return Math.min(capMs, startMs * 2 ** Math.min(failures - 1, 20))
}
