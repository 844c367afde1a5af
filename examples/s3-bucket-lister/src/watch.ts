import { once } from 'node:events'
import type { Failure } from './failure.js'
import type { Listing } from './list-buckets.js'

/** What one round of watching came to. */
export interface Round {
  readonly at: Date
  /** The credentials end at another instant than in the round before. */
  readonly renewed: boolean
  readonly result: { readonly listing: Listing } | { readonly failure: Failure }
}

/** What {@link watch} needs from the world. */
export interface WatchDeps {
  readonly list: (signal: AbortSignal) => Promise<Listing>
  readonly describe: (error: unknown) => Failure
  readonly now: () => Date
  /** Resolves after that time, or as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  readonly report: (round: Round) => void
}

/**
 * Lists again and again until the signal is aborted. A round that fails is reported like any other,
 * and the next one may succeed.
 */
export async function watch(
  intervalMs: number,
  signal: AbortSignal,
  { list, describe, now, sleep, report }: WatchDeps,
): Promise<void> {
  let expiration: Date | undefined
  while (!signal.aborted) {
    const round = new AbortController()
    try {
      const listing = await Promise.race([list(signal), untilAborted(signal, round.signal)])
      const { sessionExpiration } = listing
      const renewed = expiration !== undefined && differ(expiration, sessionExpiration)
      expiration = sessionExpiration ?? expiration
      report({ at: now(), renewed, result: { listing } })
    } catch (error) {
      // Ending is not a failure, and the request that it cut short is nobody's concern.
      if (signal.aborted) return
      report({ at: now(), renewed: false, result: { failure: describe(error) } })
    } finally {
      round.abort()
    }
    await sleep(intervalMs, signal)
  }
}

/** Not every step of the SDK listens to the signal: looking for credentials can take seconds. */
async function untilAborted(signal: AbortSignal, roundIsOver: AbortSignal): Promise<never> {
  await once(signal, 'abort', { signal: roundIsOver })
  throw new Error('asked to end')
}

const differ = (before: Date, after: Date | undefined): boolean =>
  after !== undefined && after.getTime() !== before.getTime()
