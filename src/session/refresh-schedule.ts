const MINUTE_MS = 60_000

/** A session is handed out until this long before its end: a request signed with it must still arrive. */
export const SERVE_MARGIN_MS = MINUTE_MS

/** Largest share of the wait by which a refresh is brought forward, so that a fleet spreads out. */
const SPREAD = 0.1

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
 * @param intervalMs Renew at the latest after this time, however long the session lives.
 */
export function refreshDelayMs(
  lifeMs: number,
  random: number,
  intervalMs = Number.POSITIVE_INFINITY,
): number {
  const latest = Math.min((lifeMs * 2) / 3, lifeMs - sdkRefreshWindowMs(lifeMs), intervalMs)
  return Math.max(MIN_REFRESH_MS, latest * (1 - SPREAD * random))
}

/** What kind of failure a wait follows. */
export type FailureKind = 'transient' | 'throttled' | 'terminal'

interface Retry {
  readonly firstMs: number
  readonly capMs: number
  /** Cap while there is no session to hand out, and applications stand still. */
  readonly urgentCapMs: number
  /** Share of the bound that is waited in any case. */
  readonly leastShare: number
}

const RETRY: Readonly<Record<FailureKind, Retry>> = {
  transient: { firstMs: 1_000, capMs: MINUTE_MS, urgentCapMs: 15_000, leastShare: 0 },
  // Never urgent: asking more often is what it is throttled for.
  throttled: {
    firstMs: 5_000,
    capMs: 2 * MINUTE_MS,
    urgentCapMs: 2 * MINUTE_MS,
    leastShare: 0,
  },
  // Nothing that waiting mends: new certificate files and new settings wake the loop.
  terminal: {
    firstMs: MINUTE_MS,
    capMs: 5 * MINUTE_MS,
    urgentCapMs: 5 * MINUTE_MS,
    leastShare: 0.5,
  },
}

/** Keeps a failing loop from spinning, whatever the dice say. */
const LEAST_MS = 250

/** What else a wait depends on. */
export interface RetryCircumstances {
  /** What the service asked for, if it did. */
  readonly retryAfterMs?: number | undefined
  /** How long the session held may still be handed out; not positive without one. */
  readonly servedForMs?: number
}

/** `Retry-After` is heeded up to this time; sessions are renewed long before they end. */
const MAX_RETRY_AFTER_MS = 2 * MINUTE_MS

/** Everybody was told the same time: they come back spread over this share of it. */
const RETRY_AFTER_SPREAD = 0.25

/**
 * Wait after the `failures`-th failure in a row: uniform ("full jitter") below a bound that doubles
 * each time; after a failure that waiting does not mend, at least half of the bound. Never shorter
 * than what the service asked for, as long as that is sensible.
 *
 * @param random Uniform in [0, 1).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function retryDelayMs(
  kind: FailureKind,
  failures: number,
  random: number,
  { retryAfterMs = 0, servedForMs = Number.POSITIVE_INFINITY }: RetryCircumstances = {},
): number {
  const { firstMs, capMs, urgentCapMs, leastShare } = RETRY[kind]
  const cap = Math.min(capMs, Math.max(servedForMs, 0) + urgentCapMs)
  const bound = Math.min(cap, firstMs * 2 ** Math.min(failures - 1, 20))
  const least = Math.max(LEAST_MS, bound * leastShare)
  const asked = Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) * (1 + RETRY_AFTER_SPREAD * random)
  return Math.max(least + (bound - least) * random, asked)
}
