/** What CreateSession answers. */
export type Answer = 'session' | 'throttled' | 'unreachable'

/** The service as the simulation needs it: a quota, and times when it is away. */
export interface ServiceOptions {
  /** Calls a second that an account may make in a region. */
  readonly quotaPerSecond: number
  readonly outage?: { readonly fromMs: number; readonly toMs: number }
}

/**
 * A token bucket that holds one second's worth. AWS publishes the rate and not how it is measured;
 * a call that is refused costs nothing here.
 */
export function service({ quotaPerSecond, outage }: ServiceOptions): (nowMs: number) => Answer {
  let tokens = quotaPerSecond
  let filledMs = 0
  return (nowMs) => {
    if (outage && nowMs >= outage.fromMs && nowMs < outage.toMs) return 'unreachable'
    tokens = Math.min(quotaPerSecond, tokens + ((nowMs - filledMs) / 1000) * quotaPerSecond)
    filledMs = nowMs
    if (tokens < 1) return 'throttled'
    tokens -= 1
    return 'session'
  }
}
