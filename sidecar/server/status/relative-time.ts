const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A length of time in words, rounded down: `20 s`, `48 min`, `3 h 20 min`, `12 days`. */
export function spanText(ms: number): string {
  const whole = (unitMs: number): number => Math.floor(Math.max(0, ms) / unitMs)
  if (ms < MINUTE_MS) return `${whole(SECOND_MS)} s`
  if (ms < HOUR_MS) return `${whole(MINUTE_MS)} min`
  if (ms >= 2 * DAY_MS) return `${whole(DAY_MS)} days`
  const minutes = whole(MINUTE_MS) % 60
  return `${whole(HOUR_MS)} h${minutes > 0 ? ` ${minutes} min` : ''}`
}

/** An instant as seen from another: `in 48 min`, `3 h 20 min ago`, `now`. */
export function relativeText(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime()
  if (Math.abs(ms) < SECOND_MS) return 'now'
  return ms > 0 ? `in ${spanText(ms)}` : `${spanText(-ms)} ago`
}

/** Date and time to the second: `2026-11-22 17:43:04 UTC`. */
export const instantText = (at: Date): string => `${dateText(at)} ${timeText(at)} UTC`

/** The day, in UTC: `2026-11-22`. */
export const dateText = (at: Date): string => at.toISOString().slice(0, -14)

/** The time of day, in UTC: `17:43:04`. */
export const timeText = (at: Date): string => at.toISOString().slice(-13, -5)
