import { setMaxListeners } from 'node:events'
import type { Clock } from '../../src/clock.js'

/** However many ask, there are at most ten looks a second. */
const GAP_MS = 100

/** What {@link pacedLooks} hands out. */
export interface PacedLooks {
  /**
   * Has a look taken that begins after this call, so that it sees all that was there before the call.
   * Whoever calls before it begins shares it.
   *
   * @returns a signal that is aborted once that look has ended, which it may never do.
   */
  next(): AbortSignal
}

/**
 * Looks one after the other and not too often, for callers that cannot be trusted to ask seldom.
 *
 * @param look Never rejects.
 */
export function pacedLooks(
  look: () => Promise<void>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): PacedLooks {
  let underWay = Promise.resolve()
  let beganMs = Number.NEGATIVE_INFINITY
  let coming: AbortController | undefined

  async function take(ended: AbortController): Promise<void> {
    await underWay
    const waitMs = beganMs + GAP_MS - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs, { signal, background: true })
    coming = undefined
    beganMs = clock.monotonicMs()
    if (!signal.aborted) underWay = look()
    await underWay
    ended.abort()
  }

  return {
    next() {
      if (!coming) {
        coming = new AbortController()
        // Each request that waits listens.
        setMaxListeners(0, coming.signal)
        void take(coming)
      }
      return coming.signal
    },
  }
}
