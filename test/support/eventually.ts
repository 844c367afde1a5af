import { setTimeout as delay } from 'node:timers/promises'

/** How often a condition is looked at. */
const STEP_MS = 10

/** A test that waits longer is not going to succeed. */
const LIMIT_MS = 15_000

/**
 * Resolves with what `probe` finds, as soon as it finds something. For what another process does
 * and does not announce.
 */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  limitMs = LIMIT_MS,
): Promise<T> {
  const endMs = performance.now() + limitMs
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`still not so after ${limitMs} ms`)
    await delay(STEP_MS)
  }
}
