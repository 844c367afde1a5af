import { randomUUID } from 'node:crypto'
import type { Clock } from '../../clock.js'
import type { Logger } from '../../log.js'
import type { Answer, Arrived, Outcome } from './exchange.js'
import { refuse } from './failure.js'
import { type Fault, type FaultList, faultOutcome, spoil } from './faults.js'
import type { Recorder } from './recorder.js'
import type { Route } from './routes.js'

/** What every request passes through, whatever it asks for. */
export interface DispatchDeps {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly faults: FaultList
  readonly recorder: Recorder
  readonly log: Logger
}

/** An answer, or the order to cut the connection without one. */
export type Dispatched = Answer | 'cut'

/**
 * Answers one request through its route: faults first, then the real thing, and a record of it.
 *
 * @param signal Aborted when the client goes away or the emulator closes.
 */
export async function dispatch(
  arrived: Arrived,
  route: Route,
  signal: AbortSignal,
  deps: DispatchDeps,
): Promise<Dispatched> {
  const { clock, faults, recorder, log } = deps
  const requestId = randomUUID()
  const { operation, protocol } = route
  const { method, path } = arrived
  recorder.start({ id: requestId, at: clock.now(), method, path, operation })
  const fault = faults.take(operation)
  const hit = fault ? { fault: fault.kind } : {}
  if (fault && (await isCut(fault, signal, clock))) {
    recorder.finish(requestId, { outcome: 'cut', ...hit })
    log.warn('connection cut', { operation, ...hit })
    return 'cut'
  }
  const outcome = answer(arrived, route, requestId, fault, deps)
  const { errorCode, reason, principal } = outcome
  const { status } = outcome.answer
  const about = {
    status,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(reason === undefined ? {} : { reason }),
    ...(principal === undefined ? {} : { principal }),
    ...hit,
  }
  recorder.finish(requestId, { outcome: errorCode === undefined ? 'granted' : 'refused', ...about })
  if (errorCode === undefined) log.info('request granted', { operation, protocol, ...about })
  else log.warn('request refused', { operation, protocol, ...about })
  return outcome.answer
}

function answer(
  arrived: Arrived,
  route: Route,
  requestId: string,
  fault: Fault | undefined,
  { clock, log }: DispatchDeps,
): Outcome {
  const planned = fault && faultOutcome(fault, route.protocol, requestId)
  if (planned) return planned
  try {
    const outcome = route.handle(arrived, clock.now(), requestId)
    return fault ? spoil(outcome, fault) : outcome
  } catch (error) {
    // A bug here must not end the process of the test that found it.
    log.error('request failed', { operation: route.operation, error })
    const failure = { status: 500, code: 'InternalFailure', message: 'internal failure' }
    return refuse(route.protocol, failure, requestId)
  }
}

const DEFAULT_DELAY_MS = 1000

/** Waits as the fault says; true when the connection is to end without an answer. */
async function isCut(
  { kind, delayMs }: Fault,
  signal: AbortSignal,
  clock: DispatchDeps['clock'],
): Promise<boolean> {
  const waitMs = delayMs ?? (kind === 'slow' ? DEFAULT_DELAY_MS : 0)
  if (waitMs > 0) await clock.sleep(waitMs, { signal })
  if (kind === 'hang') await aborted(signal)
  return kind === 'hang' || kind === 'reset' || signal.aborted
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
