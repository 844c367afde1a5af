import { backoffMs } from '../../src/session/backoff.js'
import {
  refreshDelayMs,
  retriesWithin,
  retryDelayMs,
  SERVE_MARGIN_MS,
} from '../../src/session/refresh-schedule.js'
import { seededRandom } from './random.js'
import { type Recording, recorder } from './recorder.js'
import { service, type ServiceOptions } from './service.js'
import { timetable } from './timetable.js'

/** A fleet of sidecars with one role each, and what happens to it. */
export interface FleetOptions extends ServiceOptions {
  readonly pods: number
  readonly sessionMs: number
  /** `--refresh-interval`. */
  readonly refreshIntervalMs?: number
  /** `--start-spread`. */
  readonly startSpreadMs?: number
  /**
   * `cold`: every pod starts at instant 0, without a session. `steady`: they have run for long, each
   * at an instant of its own in the life of its session.
   */
  readonly start: 'cold' | 'steady'
  readonly lengthMs: number
  readonly seed: number
  /** Most calls within one attempt of the keeper: `AWS_MAX_ATTEMPTS`, default 3. */
  readonly callAttempts?: number
}

/** Shortest and longest time that a call takes. An assumption: nothing depends on it but the plot. */
const CALL_MS = { least: 100, most: 300 }

/**
 * Plays the loop of `session-keeper` for every pod: when to renew, how long to wait after a failure,
 * and until when a session is handed out all come from the code of the product.
 */
export function simulate(
  options: FleetOptions,
  random: () => number = seededRandom(options.seed),
): Recording {
  const { pods, callAttempts = 3, refreshIntervalMs } = options
  const ask = service(options)
  const times = timetable(pods, options.lengthMs)
  const record = recorder(pods, options.lengthMs)
  const failures = new Uint16Array(pods)
  const calls = new Uint8Array(pods)
  const servedUntilMs = new Float64Array(pods)

  function renewAfterMs(afterNone: boolean): number {
    return refreshDelayMs(options.sessionMs, random(), { intervalMs: refreshIntervalMs, afterNone })
  }

  function onDue(pod: number, nowMs: number): void {
    const answer = ask(nowMs)
    const endMs = nowMs + CALL_MS.least + (CALL_MS.most - CALL_MS.least) * random()
    record.call(answer, nowMs)
    if (answer === 'session') {
      const afterNone = (servedUntilMs[pod] ?? 0) <= endMs
      const untilMs = endMs + options.sessionMs - SERVE_MARGIN_MS
      record.served(pod, endMs, untilMs)
      servedUntilMs[pod] = untilMs
      failures[pod] = 0
      calls[pod] = 0
      times.at(pod, endMs + renewAfterMs(afterNone))
      return
    }
    const call = (calls[pod] ?? 0) + 1
    const retries = retriesWithin(failures[pod] ?? 0, false)
    const again = retries === 'all' || (retries === 'untilThrottled' && answer !== 'throttled')
    if (again && call < callAttempts) {
      calls[pod] = call
      times.at(pod, endMs + backoffMs(call, random))
      return
    }
    const failed = (failures[pod] ?? 0) + 1
    failures[pod] = failed
    calls[pod] = 0
    const kind = answer === 'throttled' ? 'throttled' : 'transient'
    const servedForMs = (servedUntilMs[pod] ?? 0) - endMs
    times.at(pod, endMs + retryDelayMs(kind, failed, random(), { servedForMs }))
  }

  for (let pod = 0; pod < pods; pod++) {
    if (options.start === 'cold') times.at(pod, (options.startSpreadMs ?? 0) * random())
    else {
      const renewMs = renewAfterMs(false)
      const leftMs = renewMs * random()
      const untilMs = leftMs - renewMs + options.sessionMs - SERVE_MARGIN_MS
      servedUntilMs[pod] = untilMs
      record.served(pod, 0, untilMs)
      times.at(pod, leftMs)
    }
  }
  times.run(onDue)
  return record.end()
}
