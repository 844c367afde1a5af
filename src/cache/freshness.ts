import { SERVE_MARGIN_MS } from '../session/refresh-schedule.js'
import type { SessionEntry } from './session-entry.js'

const MINUTE_MS = 60_000

/**
 * A session is handed out as it is with more than this left: with less, botocore and others would ask
 * for the next one at once, and again for every request.
 */
export const HAND_OUT_MS = 15 * MINUTE_MS

/** Clocks of processes on one machine are one clock, but somebody may have set it. */
const CLOCK_SLACK_MS = 5 * MINUTE_MS

/** No session lives longer. */
const MAX_LIFE_MS = 12 * 60 * MINUTE_MS

/** No renewal is put off for longer after a failure. */
const MAX_RETRY_MS = 5 * MINUTE_MS

/**
 * What is to be done with a cached session. `fresh`: hand it out. `due`: one process renews it, the
 * others hand it out. `held`: hand it out, since a renewal has just failed. `late`: renew it first,
 * and hand it out if the service cannot be reached. `spent`: of no use.
 */
export type Freshness = 'fresh' | 'due' | 'held' | 'late' | 'spent'

/**
 * Judges a cached session at an instant. One that seems to come from the future, or to live longer
 * than was asked for, is `spent`: the clock was set back, and nobody knows how long it really lives.
 */
export function freshness(entry: SessionEntry, now: Date): Freshness {
  const nowMs = now.getTime()
  const { issuedAt, credentials, refreshAt, retryAt, identity } = entry
  const lifeMs = Math.min((identity.durationSeconds ?? Infinity) * 1000, MAX_LIFE_MS)
  const leftMs = credentials.expiration.getTime() - (nowMs + entry.clockOffsetMs)
  if (issuedAt.getTime() > nowMs + CLOCK_SLACK_MS) return 'spent'
  if (leftMs > lifeMs + CLOCK_SLACK_MS || leftMs <= SERVE_MARGIN_MS) return 'spent'
  const waitMs = retryAt === undefined ? 0 : retryAt.getTime() - nowMs
  if (waitMs > 0 && waitMs <= MAX_RETRY_MS) return 'held'
  if (leftMs <= HAND_OUT_MS) return 'late'
  return nowMs >= refreshAt.getTime() ? 'due' : 'fresh'
}
