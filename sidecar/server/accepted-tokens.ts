import type { Clock } from '../../src/clock.js'

/** A replaced token stays good this long: AWS CLI v2 reads it once, at the start of a command. */
const GRACE_MS = 60 * 60_000

/** More are not replaced within an hour unless something is wrong. */
const MAX_RETIRED = 16

/** The token in use and those that it replaced a short while ago. */
export interface AcceptedTokens {
  readonly graceMinutes: number
  current(): string
  /** Everything that is good now, the token in use first; the same array while nothing changes. */
  all(): readonly string[]
  /** Takes a new token into use; the one before it stays good for an hour. */
  replace(token: string): void
}

/** Starts with one token. */
export function acceptedTokens(first: string, clock: Pick<Clock, 'monotonicMs'>): AcceptedTokens {
  let current = first
  let retired: readonly { readonly token: string; readonly untilMs: number }[] = []
  let good: readonly string[] = [first]

  function keep(entries: typeof retired): void {
    retired = entries
    good = [current, ...entries.map(({ token }) => token)]
  }

  return {
    graceMinutes: GRACE_MS / 60_000,
    current: () => current,
    all() {
      // Oldest first: while that one is good, all are.
      const nowMs = clock.monotonicMs()
      if (retired[0] && retired[0].untilMs <= nowMs) {
        keep(retired.filter(({ untilMs }) => untilMs > nowMs))
      }
      return good
    },
    replace(token) {
      const before = { token: current, untilMs: clock.monotonicMs() + GRACE_MS }
      current = token
      const others = retired.filter(
        (entry) => entry.token !== token && entry.token !== before.token,
      )
      keep([...others, before].slice(-MAX_RETIRED))
    },
  }
}
