import type { Clock } from '../../clock.js'
import { RolesAnywhereError } from '../../errors.js'
import { deadline } from '../../session/deadline.js'

/** No single step is waited for longer, whatever --timeout allows a whole call. */
const LONGEST_MS = 10_000

/** How long a step may take, and who may end it. */
export interface StepLimits {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

/**
 * Runs a step that ends with its signal.
 *
 * @throws RolesAnywhereError `ERR_RA_SESSION_TIMEOUT` when time runs out, the reason of the caller's
 *   signal, or what the step throws.
 */
export async function within<T>(
  what: string,
  { clock, signal, timeoutMs }: StepLimits,
  step: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limitMs = Math.min(timeoutMs, LONGEST_MS)
  const limit = deadline(limitMs, clock, signal)
  try {
    return await step(limit.signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.passed()) throw error
    throw new RolesAnywhereError(
      'ERR_RA_SESSION_TIMEOUT',
      `${what} did not answer within ${limitMs / 1000} s`,
      { cause: error, hint: 'check routes, firewalls and proxies on the way' },
    )
  } finally {
    limit.clear()
  }
}
