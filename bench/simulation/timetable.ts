/** Instants are rounded up to this. */
const TICK_MS = 10

/**
 * The simulated clock: which pod is due when, one instant for each pod. Buckets instead of a heap,
 * since a storm of 100,000 pods is tens of millions of appointments.
 */
export interface Timetable {
  /** Makes an appointment; those beyond the end never come. */
  at(pod: number, ms: number): void
  /** Calls back in the order of time, until nobody is due before the end. */
  run(onDue: (pod: number, nowMs: number) => void): void
}

const NOBODY = -1

/** An empty timetable for `pods` pods that ends after `lengthMs`. */
export function timetable(pods: number, lengthMs: number): Timetable {
  const first = new Int32Array(Math.ceil(lengthMs / TICK_MS) + 1).fill(NOBODY)
  const next = new Int32Array(pods).fill(NOBODY)
  let now = 0
  return {
    at(pod, ms) {
      const tick = Math.max(now, Math.ceil(ms / TICK_MS))
      if (tick >= first.length) return
      next[pod] = first[tick] ?? NOBODY
      first[tick] = pod
    },
    run(onDue) {
      for (now = 0; now < first.length; now++) {
        for (let pod = first[now] ?? NOBODY; pod !== NOBODY; pod = first[now] ?? NOBODY) {
          first[now] = next[pod] ?? NOBODY
          onDue(pod, now * TICK_MS)
        }
      }
    },
  }
}
