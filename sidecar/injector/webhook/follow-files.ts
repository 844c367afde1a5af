import type { Clock } from '../../../src/clock.js'
import { watchFolders } from '../../../src/index.js'

/** Watching misses changes on some volumes. */
const POLL_MS = 10_000

/** A file that is being written is not looked at in between. */
const SETTLE_MS = 200

/**
 * Calls `look` shortly after something happens around the files, and every ten seconds. Does not keep
 * the process alive.
 *
 * @returns a function that ends it.
 */
export function followFiles(
  paths: readonly string[],
  look: () => void,
  clock: Clock,
): () => Promise<void> {
  const ending = new AbortController()
  let event = new AbortController()
  const release = watchFolders(paths, () => {
    event.abort()
  })
  const follow = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      event = new AbortController()
      const signal = AbortSignal.any([ending.signal, event.signal])
      await clock.sleep(POLL_MS, { signal, background: true })
      if (event.signal.aborted) {
        await clock.sleep(SETTLE_MS, { signal: ending.signal, background: true })
      }
      if (!ending.signal.aborted) look()
    }
  }
  const following = follow()
  return async () => {
    release()
    ending.abort()
    await following
  }
}
