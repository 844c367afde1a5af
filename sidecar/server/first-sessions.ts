import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { SessionKeeper } from '../../src/index.js'
import type { Logger } from '../../src/log.js'

/** Effects of {@link firstSessions}. */
export interface FirstSessionsDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Ends the wait: it resolves then. */
  readonly signal: AbortSignal
  /** How long failures are borne that may pass. The first attempt of each role takes the time it takes. */
  readonly limitMs: number
}

/**
 * Waits until every role has a session.
 *
 * @throws RolesAnywhereError what the first attempt of a role failed with, unless AWS could not be
 *   reached or had no time: then what the last one before the limit failed with. Nobody waits for an
 *   attempt that would come after the limit.
 */
export async function firstSessions(
  keepers: ReadonlyMap<string, SessionKeeper>,
  deps: FirstSessionsDeps,
): Promise<void> {
  const settled = new AbortController()
  const signal = AbortSignal.any([deps.signal, settled.signal])
  const endMs = deps.clock.monotonicMs() + deps.limitMs
  const all = Promise.all(
    [...keepers.values()].map(async (keeper) => firstSession(keeper, endMs, { ...deps, signal })),
  )
  try {
    await Promise.race([all, aborted(deps.signal)])
  } finally {
    settled.abort()
    // Nobody waits for it any longer.
    all.catch(() => {})
  }
}

async function firstSession(
  keeper: SessionKeeper,
  endMs: number,
  { clock, log, signal }: FirstSessionsDeps,
): Promise<void> {
  let failure: unknown
  let told = 0
  const leftMs = (): number => Math.max(0, endMs - clock.monotonicMs())
  for (;;) {
    try {
      const obtained = keeper.obtained()
      if (failure === undefined) return void (await obtained)
      return await before(obtained, leftMs(), failure, { clock, signal })
    } catch (error) {
      if (signal.aborted || !mayPass(error) || leftMs() === 0) throw error
      failure = error
    }
    const { nextAttemptAt, failures } = keeper.status()
    const waitMs = nextAttemptAt ? nextAttemptAt.getTime() - clock.now().getTime() : 0
    if (waitMs >= leftMs()) throw failure
    if (failures !== told) {
      log.warn('no session yet, trying again', { error: failure, nextAttemptAt })
    }
    told = failures
    // The attempt begins by a timer of its own, which may be a little later than this one.
    await clock.sleep(Math.max(waitMs, LEAST_WAIT_MS), { signal })
  }
}

const LEAST_WAIT_MS = 20

/** The outcome of an attempt, or the failure of the one before it when time runs out. */
async function before(
  obtained: Promise<unknown>,
  limitMs: number,
  failure: unknown,
  { clock, signal }: Pick<FirstSessionsDeps, 'clock' | 'signal'>,
): Promise<void> {
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  const late = clock.sleep(limitMs, { signal: either }).then(async () => Promise.reject(failure))
  try {
    await Promise.race([obtained, late])
  } finally {
    done.abort()
    late.catch(() => {})
  }
}

/** A root that is not trusted will not be a moment later, either. */
const mayPass = (error: unknown): boolean =>
  error instanceof RolesAnywhereError &&
  error.kind === 'unavailable' &&
  error.code !== 'ERR_RA_TLS_FAILED'

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
