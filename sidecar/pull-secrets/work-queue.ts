import type { Clock } from '../../src/clock.js'
import { retryDelayMs } from '../kube/retry-delay.js'

/** What a {@link createWorkQueue} needs. */
export interface WorkQueueInit {
  /** Rejects to be called again for the same key, later. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>
  readonly onError: (key: string, error: unknown, failures: number) => void
  /** How many keys are worked on at once. */
  readonly parallel: number
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** Keys that have something to be done. */
export interface WorkQueue {
  /** A key that waits already is not added again; one that is worked on is worked on once more. */
  add(key: string): void
  /** The same, before those that were added: a change that somebody waits for overtakes a renewal. */
  addFirst(key: string): void
  /** Keys that wait or are worked on; those that failed and wait for their next try included. */
  size(): number
  /** Resolves when there is nothing to do; keys that wait for another try count as something. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** A queue that works on each key by itself, never twice at once, and tries failures again. */
export function createWorkQueue(init: WorkQueueInit): WorkQueue {
  const { clock, random } = init
  const ending = new AbortController()
  const urgent = new Set<string>()
  const waiting = new Set<string>()
  const running = new Map<string, Promise<void>>()
  const retrying = new Set<string>()
  const failures = new Map<string, number>()
  let idlers: (() => void)[] = []

  const size = (): number => new Set([...urgent, ...waiting, ...running.keys(), ...retrying]).size
  const settle = (): void => {
    if (size() > 0) return
    const woken = idlers
    idlers = []
    for (const wake of woken) wake()
  }
  const retryLater = async (key: string, count: number): Promise<void> => {
    // One timer for each key: it is worked on in between whenever it is added, and may fail each time.
    if (retrying.has(key)) return
    retrying.add(key)
    await clock.sleep(retryDelayMs(count, random), { signal: ending.signal })
    retrying.delete(key)
    if (!ending.signal.aborted) add(key)
    settle()
  }
  const run = async (key: string): Promise<void> => {
    try {
      await init.work(key, ending.signal)
      failures.delete(key)
    } catch (error) {
      if (ending.signal.aborted) return
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      init.onError(key, error, count)
      void retryLater(key, count)
    }
  }
  const pump = (): void => {
    for (const key of eachOf(urgent, waiting)) {
      if (running.size >= init.parallel || ending.signal.aborted) break
      if (running.has(key)) continue
      urgent.delete(key)
      waiting.delete(key)
      const done = run(key).finally(() => {
        running.delete(key)
        pump()
        settle()
      })
      running.set(key, done)
    }
  }
  const add = (key: string): void => {
    if (ending.signal.aborted) return
    if (!urgent.has(key)) waiting.add(key)
    pump()
  }
  const addFirst = (key: string): void => {
    if (ending.signal.aborted) return
    waiting.delete(key)
    urgent.add(key)
    pump()
  }
  return {
    add,
    addFirst,
    size,
    async idle() {
      if (size() > 0) await new Promise<void>((resolve) => idlers.push(resolve))
    },
    async stop() {
      ending.abort()
      urgent.clear()
      waiting.clear()
      await Promise.all(running.values())
    },
  }
}

function* eachOf<T>(...sets: readonly ReadonlySet<T>[]): Generator<T, void, undefined> {
  for (const set of sets) yield* set
}
