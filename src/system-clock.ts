import type { Clock, SleepOptions } from './clock.js'

/** Longest delay that a Node timer takes; anything longer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The machine's own clock. The only file below the roof that reads time or sets a timer. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms: number, options: SleepOptions = {}): Promise<void> {
    const { signal, background = false } = options
    if (signal?.aborted) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const timer = setTimeout(finish, Math.min(Math.max(ms, 0), MAX_TIMER_MS))
      if (background) timer.unref()
      signal?.addEventListener('abort', finish, { once: true })
    })
  },
}
