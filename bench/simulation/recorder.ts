import type { Answer } from './service.js'

/** Width of a bin of a {@link Recording}. */
export const BIN_SECONDS = 10

/** What became of a fleet. Lists hold one number for each bin. */
export interface Recording {
  /** Calls a second, by what they were answered. */
  readonly rates: Readonly<Record<Answer, readonly number[]>>
  /** Pods without a session that may be handed out, at the end of the bin. */
  readonly without: readonly number[]
  /** Calls in all. */
  readonly calls: number
  /** Sessions in all. */
  readonly sessions: number
  /** When the last pod had its first session; `undefined` when one never had any. */
  readonly allServedMs: number | undefined
  /** Pods that never had a session. */
  readonly neverServed: number
  /** Pods that had a session and lost it for a time. */
  readonly lost: number
  /** Longest time that such a pod was without one. */
  readonly longestGapMs: number
}

/** Writes down what happens. */
export interface Recorder {
  call(answer: Answer, nowMs: number): void
  /** A pod has a session from now on, for as long as it is not renewed until `untilMs`. */
  served(pod: number, nowMs: number, untilMs: number): void
  end(): Recording
}

/** Starts a recording of `pods` pods without a session. */
export function recorder(pods: number, lengthMs: number): Recorder {
  const binMs = BIN_SECONDS * 1000
  const bins = Math.ceil(lengthMs / binMs)
  const counts: Record<Answer, Float64Array> = {
    session: new Float64Array(bins),
    throttled: new Float64Array(bins),
    unreachable: new Float64Array(bins),
  }
  /** Changes of the number of pods without a session. */
  const change = new Float64Array(bins + 1)
  const untilMs = new Float64Array(pods).fill(-1)
  const lostOnce = new Uint8Array(pods)
  let firstServed = 0
  let allServedMs: number | undefined
  let longestGapMs = 0

  const binOf = (ms: number): number => Math.min(bins, Math.max(0, Math.floor(ms / binMs)))

  function without(pod: number, fromMs: number, toMs: number): void {
    change[binOf(fromMs)]! += 1
    change[binOf(toMs)]! -= 1
    if ((untilMs[pod] ?? -1) < 0) return
    lostOnce[pod] = 1
    longestGapMs = Math.max(longestGapMs, toMs - fromMs)
  }

  return {
    call(answer, nowMs) {
      const bin = binOf(nowMs)
      if (bin < bins) counts[answer][bin]! += 1
    },
    served(pod, nowMs, endMs) {
      const heldMs = untilMs[pod] ?? -1
      if (heldMs < 0) {
        firstServed += 1
        if (firstServed === pods) allServedMs = nowMs
      }
      if (heldMs < nowMs) without(pod, Math.max(heldMs, 0), nowMs)
      untilMs[pod] = endMs
    },
    end() {
      for (let pod = 0; pod < pods; pod++) {
        const heldMs = untilMs[pod] ?? -1
        if (heldMs < lengthMs) without(pod, Math.max(heldMs, 0), lengthMs)
      }
      const sum = (list: Float64Array): number => list.reduce((total, value) => total + value, 0)
      const perSecond = (list: Float64Array): number[] =>
        [...list].map((count) => count / BIN_SECONDS)
      let pending = 0
      return {
        rates: {
          session: perSecond(counts.session),
          throttled: perSecond(counts.throttled),
          unreachable: perSecond(counts.unreachable),
        },
        without: [...change.subarray(0, bins)].map((difference) => (pending += difference)),
        calls: sum(counts.session) + sum(counts.throttled) + sum(counts.unreachable),
        sessions: sum(counts.session),
        allServedMs,
        neverServed: pods - firstServed,
        lost: lostOnce.reduce((total, once) => total + once, 0),
        longestGapMs,
      }
    },
  }
}
