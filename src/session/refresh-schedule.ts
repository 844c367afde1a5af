const MINUTE_MS = 60_000

/** A session is handed out until this long before its end: a request signed with it must still arrive. */
export const SERVE_MARGIN_MS = MINUTE_MS

/** Largest share of the wait by which a refresh is brought forward, so that a fleet spreads out. */
const SPREAD = 0.1

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
  return Math.max(0, latest) * (1 - SPREAD * random)
}

/** What kind of failure a wait follows. */
export type FailureKind = 'transient' | 'throttled' | 'terminal'

const RETRY: Readonly<Record<FailureKind, { readonly firstMs: number; readonly capMs: number }>> = {
  transient: { firstMs: 1_000, capMs: MINUTE_MS },
  throttled: { firstMs: 5_000, capMs: 2 * MINUTE_MS },
  // Nothing that waiting mends: the file watcher wakes the loop when certificate or key change.
  terminal: { firstMs: MINUTE_MS, capMs: 5 * MINUTE_MS },
}

/**
 * Wait after the `failures`-th failure in a row: between half and the whole of a bound that doubles
 * each time.
 *
 * @param random Uniform in [0, 1).
 */
export function retryDelayMs(kind: FailureKind, failures: number, random: number): number {
  const { firstMs, capMs } = RETRY[kind]
  const bound = Math.min(capMs, firstMs * 2 ** Math.min(failures - 1, 20))
  return bound * (0.5 + random / 2)
}
