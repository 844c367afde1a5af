import type { AuthorizationToken } from './authorization-token.js'

/** A password is handed out until this long before its end: the pull that uses it takes time. */
export const TOKEN_MARGIN_MS = 60_000

/** Clocks that are set by so little do not make an instant one of the future. */
const MAX_CLOCK_STEP_MS = 60_000

/** Share of its life after which a password is renewed. */
const REFRESH_SHARE = 0.5

/** Largest share by which that is brought forward, so that a fleet spreads out. */
const SPREAD = 0.1

/**
 * How far a password is: `fresh` until half of its life, `usable` until a minute before its end.
 * An age below zero says that the clock was set back: nothing certain is known then, so it is `over`.
 *
 * @param ageMs Time since it came.
 */
export function tokenState(
  { lifeMs }: Pick<AuthorizationToken, 'lifeMs'>,
  ageMs: number,
): 'fresh' | 'usable' | 'over' {
  if (ageMs < -MAX_CLOCK_STEP_MS || ageMs >= lifeMs - TOKEN_MARGIN_MS) return 'over'
  return ageMs < lifeMs * REFRESH_SHARE ? 'fresh' : 'usable'
}

/**
 * Time after it came at which a password that is kept in memory is renewed: half of its life, brought
 * forward by a random share.
 *
 * @param random Uniform in [0, 1).
 */
export function tokenRefreshDelayMs(lifeMs: number, random: number): number {
  return lifeMs * REFRESH_SHARE * (1 - SPREAD * random)
}
