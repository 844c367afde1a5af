import { failed, type Finding, ok, warning } from '../finding.js'
import { duration } from './certificate.js'

/** When a request was sent and answered, and what the answer said of the time. */
export interface ClockSample {
  /** By this machine's clock, when the request was sent. */
  readonly sentAt: Date
  /** From sending to the answer, by a clock that nobody sets. */
  readonly roundTripMs: number
  /** The answer's `Date`, exact to a second. */
  readonly serviceDate: Date
}

/** How far the service's clock is ahead of this machine's. */
export interface ClockSkew {
  /** Negative when the service's is behind. */
  readonly skewMs: number
  /** The truth is no further from it than this. */
  readonly uncertaintyMs: number
}

/** `Date` cuts off the part of a second: half of one is right on average. */
const HALF_SECOND_MS = 500

/** The answer was written somewhere between sending and arrival: the middle is right on average. */
export function clockSkew({ sentAt, roundTripMs, serviceDate }: ClockSample): ClockSkew {
  const middle = sentAt.getTime() + roundTripMs / 2
  return {
    skewMs: serviceDate.getTime() + HALF_SECOND_MS - middle,
    uncertaintyMs: HALF_SECOND_MS + roundTripMs / 2,
  }
}

/** Signatures of SigV4 are good for this long in either direction. */
const TOLERANCE_MS = 15 * 60_000
/** No clock that is set by a server is off by as much. */
const WORTH_A_WORD_MS = 60_000

/** Says whether a machine's clock is good enough for signatures. */
export function judgeClock({ skewMs, uncertaintyMs }: ClockSkew): Finding {
  const offMs = Math.abs(skewMs)
  const certain = `within ${seconds(uncertaintyMs)} s`
  const detail = {
    skewSeconds: Number(seconds(skewMs)),
    uncertaintySeconds: Number(seconds(uncertaintyMs)),
  }
  if (offMs - uncertaintyMs <= 1000) {
    return ok(`the clock agrees with the endpoint's ${certain}`, detail)
  }
  const direction = skewMs > 0 ? 'behind' : 'ahead of'
  const message = `this machine's clock is ${duration(offMs)} ${direction} the endpoint's (${seconds(offMs)} s, ${certain})`
  if (offMs > TOLERANCE_MS) {
    const hint = 'set the clock (NTP): AWS refuses signatures that are 15 minutes off'
    return failed('ERR_RA_CLOCK_SKEW', message, hint, detail)
  }
  if (offMs > WORTH_A_WORD_MS) {
    return warning(message, 'set the clock (NTP) before it is 15 minutes off', detail)
  }
  return ok(message, detail)
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1)
