import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'

/** An instant after which nobody waits any longer. */
export interface Deadline {
  /** Aborted when the deadline passes or the caller gives up. */
  readonly signal: AbortSignal
  remainingMs(): number
  /** Whether time ran out; `false` when the caller gave up first. */
  passed(): boolean
  /**
   * @throws RolesAnywhereError `ERR_RA_SESSION_TIMEOUT` when time ran out, or the abort reason of the
   *   caller's signal.
   */
  throwIfPassed(): void
  /** Ends the timer. */
  clear(): void
}

/** A deadline `timeoutMs` from now on the monotonic clock, which no change of the wall clock moves. */
export function deadline(timeoutMs: number, clock: Clock, outer?: AbortSignal): Deadline {
  const endMs = clock.monotonicMs() + timeoutMs
  const expiry = new AbortController()
  const cleared = new AbortController()
  const ending = new AbortController()
  const { signal } = ending
  // Not `AbortSignal.any`: on Node 20 it leaves a reference at the outer signal for as long as that lives.
  const giveUp = (): void => ending.abort(outer?.reason)
  if (outer?.aborted) giveUp()
  else outer?.addEventListener('abort', giveUp, { once: true })
  // The sleep also ends when it is cleared: only a sleep that ran its course is a timeout.
  void clock.sleep(timeoutMs, { signal: cleared.signal }).then(() => {
    if (cleared.signal.aborted) return
    expiry.abort()
    // Whoever has a deadline of its own within this one repeats the reason.
    ending.abort(ranOut(timeoutMs))
  })
  return {
    signal,
    remainingMs: () => Math.max(0, endMs - clock.monotonicMs()),
    passed: () => expiry.signal.aborted,
    throwIfPassed(): void {
      outer?.throwIfAborted()
      if (expiry.signal.aborted) throw ranOut(timeoutMs)
    },
    clear() {
      cleared.abort()
      outer?.removeEventListener('abort', giveUp)
    },
  }
}

function ranOut(timeoutMs: number): RolesAnywhereError {
  const seconds = Math.round(timeoutMs / 100) / 10
  return new RolesAnywhereError('ERR_RA_SESSION_TIMEOUT', `no session within ${seconds} s`, {
    hint: 'check routes, firewalls and proxies to the endpoint, or raise --timeout',
  })
}
