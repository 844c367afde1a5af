import type { Clock } from '../../src/clock.js'

/**
 * A gate that lets `perSecond` callers through in each second, and `burst` of them at once.
 *
 * @returns a function that resolves when its caller may go on; early when the signal is aborted.
 */
export function createRateLimit(
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  clock: Clock,
): (signal?: AbortSignal) => Promise<void> {
  let tokens = burst
  let refilledMs = clock.monotonicMs()
  return async (signal) => {
    const nowMs = clock.monotonicMs()
    tokens = Math.min(burst, tokens + ((nowMs - refilledMs) / 1000) * perSecond)
    refilledMs = nowMs
    tokens -= 1
    if (tokens < 0) await clock.sleep((-tokens / perSecond) * 1000, signal ? { signal } : {})
  }
}
