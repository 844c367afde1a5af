/** Time as an effect that is passed in, so that nothing pure reads it and no test waits for it. */
export interface Clock {
  /** Wall-clock instant. May jump in either direction when somebody sets the clock. */
  now(): Date
  /** Milliseconds that only ever grow, unaffected by changes of the wall clock. */
  monotonicMs(): number
  /**
   * Resolves after `ms` milliseconds, or as soon as `signal` is aborted; it never rejects.
   * Does not keep the process alive by itself when `background` is set.
   */
  sleep(ms: number, options?: SleepOptions): Promise<void>
}

/** Optional tail of {@link Clock.sleep}. */
export interface SleepOptions {
  readonly signal?: AbortSignal
  /** Let the process end while this sleep is pending. */
  readonly background?: boolean
}
