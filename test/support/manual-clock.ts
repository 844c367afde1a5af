import type { Clock, SleepOptions } from '../../src/clock.js'

interface Sleeper {
  readonly wakeAtMs: number
  readonly wake: () => void
}

/** A clock that moves only when told. Sleepers wake in order as time passes over them. */
export class ManualClock implements Clock {
  #wallMs: number
  #monotonicMs = 0
  #sleepers: Sleeper[] = []

  constructor(start = '2026-01-01T00:00:00Z') {
    this.#wallMs = Date.parse(start)
  }

  now(): Date {
    return new Date(this.#wallMs)
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** How many sleeps are pending. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  /** Milliseconds until the next sleeper wakes, if anyone sleeps. */
  get nextWakeMs(): number | undefined {
    const wakes = this.#sleepers.map((sleeper) => sleeper.wakeAtMs - this.#monotonicMs)
    return wakes.length > 0 ? Math.min(...wakes) : undefined
  }

  async sleep(ms: number, options: SleepOptions = {}): Promise<void> {
    if (options.signal?.aborted) return
    await new Promise<void>((resolve) => {
      const sleeper: Sleeper = {
        wakeAtMs: this.#monotonicMs + Math.max(ms, 0),
        wake: () => {
          options.signal?.removeEventListener('abort', sleeper.wake)
          this.#sleepers = this.#sleepers.filter((entry) => entry !== sleeper)
          resolve()
        },
      }
      this.#sleepers.push(sleeper)
      options.signal?.addEventListener('abort', sleeper.wake, { once: true })
    })
  }

  /** Lets `ms` pass on both clocks, waking sleepers on the way and letting their work settle. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    for (;;) {
      await settle()
      const due = this.#sleepers
        .filter((sleeper) => sleeper.wakeAtMs <= endMs)
        .sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0]
      if (!due) break
      this.#moveTo(Math.max(due.wakeAtMs, this.#monotonicMs))
      due.wake()
    }
    this.#moveTo(endMs)
    await settle()
  }

  /** Sets the wall clock forward or back without letting time pass. */
  jump(ms: number): void {
    this.#wallMs += ms
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }
}

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}
