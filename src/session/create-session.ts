import type { Clock } from '../clock.js'
import { RolesAnywhereError, type ErrorCode } from '../errors.js'
import { type Logger, silentLogger } from '../log.js'
import {
  createSessionRequest,
  type CreateSessionParams,
  processCreateSessionResponse,
} from '../protocol/create-session.js'
import type { Endpoint } from '../protocol/endpoints.js'
import type { HttpResponse } from '../protocol/http-message.js'
import { clockSkewMs, isInvalidSignature, retryAfterMs } from '../protocol/service-error.js'
import type { Session } from '../protocol/session-credentials.js'
import { signRequest } from '../protocol/sign-request.js'
import type { Signer } from '../protocol/signer.js'
import { deadline, type Deadline } from './deadline.js'
import type { Send } from './http-client.js'
import { backoffMs } from './backoff.js'

/** What to ask for, where, and how long to try. */
export interface CreateSessionTarget {
  readonly params: CreateSessionParams
  readonly endpoint: Endpoint
  /** Region of the signing scope. */
  readonly region: string
  /** Deadline of the whole call: all attempts, waits and signatures included. */
  readonly timeoutMs: number
  /** Attempts at the most, the first included. Default 3. */
  readonly maxAttempts?: number
}

/**
 * Which failures one call of {@link createSession} tries again. A caller that has a back-off of its own
 * wants fewer: `untilThrottled` ends with the first answer that says so, `afterHanging` with any failure
 * but a request that nobody answered: that was pause enough.
 */
export type Retries = 'all' | 'untilThrottled' | 'afterHanging'

/** Effects of {@link createSession}. */
export interface CreateSessionDeps {
  readonly send: Send
  readonly clock: Clock
  /** Uniform in [0, 1); spreads retries. */
  readonly random: () => number
  readonly log?: Logger
  /** Looked at after each attempt. Default `all`. */
  readonly retries?: () => Retries
  /** Ends the call early. */
  readonly signal?: AbortSignal
}

/** A session, and how far the local clock was found to be from the service's. */
export interface ObtainedSession extends Session {
  /** To be added to the local clock to get the service's; 0 unless a correction was needed. */
  readonly clockOffsetMs: number
  /** The role that was asked for. */
  readonly roleArn?: string
  /** Host that issued it. */
  readonly source?: string
}

/** A difference below this is not what made a signature invalid. */
const MIN_SKEW_MS = 60_000

/** Failures that the same request may survive a moment later. */
const RETRIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_RA_ENDPOINT_UNREACHABLE',
  'ERR_RA_PROXY_FAILED',
  'ERR_RA_SESSION_TIMEOUT',
  'ERR_RA_THROTTLED',
  'ERR_RA_SERVICE_FAILED',
  'ERR_RA_RESPONSE_INVALID',
])

/**
 * Calls CreateSession. Every attempt is signed anew. Throttling, server errors and broken
 * connections are tried again with full jitter or after `Retry-After`; when the service finds the
 * signature invalid and its clock differs from ours, one attempt is made with its time.
 *
 * @returns the session; its credentials have not expired.
 * @throws RolesAnywhereError `ERR_RA_SESSION_TIMEOUT` when the deadline passes, `ERR_RA_CLOCK_SKEW`
 *   when the correction did not help, or what the last attempt failed with.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export async function createSession(
  signer: Signer,
  target: CreateSessionTarget,
  deps: CreateSessionDeps,
): Promise<ObtainedSession> {
  const limit = deadline(target.timeoutMs, deps.clock, deps.signal)
  try {
    return await attempts(signer, target, { ...deps, log: deps.log ?? silentLogger }, limit)
  } finally {
    limit.clear()
  }
}

async function attempts(
  signer: Signer,
  target: CreateSessionTarget,
  deps: CreateSessionDeps & { readonly log: Logger },
  limit: Deadline,
): Promise<ObtainedSession> {
  const { maxAttempts = 3 } = target
  let clockOffsetMs = 0
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= maxAttempts
    const outcome = await once(signer, target, deps, { limit, last, clockOffsetMs })
    if ('session' in outcome) {
      const { params, endpoint } = target
      return {
        ...outcome.session,
        clockOffsetMs,
        roleArn: params.roleArn,
        source: endpoint.hostname,
      }
    }
    const { error, response } = outcome

    const skewMs = response && isInvalidSignature(error) ? skew(response, deps.clock) : 0
    if (skewMs !== 0) {
      if (clockOffsetMs !== 0) throw skewed(skewMs, error)
      deps.log.warn('signature refused and clocks differ, trying with the time of the service', {
        skewSeconds: Math.round(skewMs / 1000),
      })
      clockOffsetMs = skewMs
      continue
    }
    if (last || !isRetried(error, deps.retries?.())) throw error
    const waitMs =
      (response && retryAfterMs(response, deps.clock.now())) ?? backoffMs(attempt, deps.random)
    if (waitMs >= limit.remainingMs()) throw error
    deps.log.warn('CreateSession failed, trying again', {
      error,
      attempt,
      waitMs: Math.round(waitMs),
    })
    await deps.clock.sleep(waitMs, { signal: limit.signal })
  }
}

function isRetried(error: unknown, retries: Retries = 'all'): boolean {
  if (!(error instanceof RolesAnywhereError) || !RETRIED.has(error.code)) return false
  if (retries === 'afterHanging') return error.code === 'ERR_RA_SESSION_TIMEOUT'
  return retries === 'all' || error.code !== 'ERR_RA_THROTTLED'
}

type Outcome =
  | { readonly session: Session }
  | { readonly error: unknown; readonly response: HttpResponse | undefined }

async function once(
  signer: Signer,
  target: CreateSessionTarget,
  { send, clock }: CreateSessionDeps,
  turn: { readonly limit: Deadline; readonly last: boolean; readonly clockOffsetMs: number },
): Promise<Outcome> {
  const { limit, last } = turn
  limit.throwIfPassed()
  // An attempt that hangs must leave time for another one.
  const share = last ? limit : deadline(limit.remainingMs() / 2, clock, limit.signal)
  let response: HttpResponse | undefined
  try {
    const at = new Date(clock.now().getTime() + turn.clockOffsetMs)
    const unsigned = createSessionRequest(target.params, target.endpoint)
    const scope = { region: target.region, service: 'rolesanywhere' } as const
    response = await send(await signRequest(unsigned, signer, scope, at), share.signal)
    return { session: processCreateSessionResponse(response, at) }
  } catch (error) {
    limit.throwIfPassed()
    return { error: share.passed() ? hung(target) : error, response }
  } finally {
    if (share !== limit) share.clear()
  }
}

function skew(response: HttpResponse, clock: Clock): number {
  const ms = clockSkewMs(response, clock.now()) ?? 0
  return Math.abs(ms) < MIN_SKEW_MS ? 0 : ms
}

function skewed(skewMs: number, cause: unknown): RolesAnywhereError {
  const direction = skewMs > 0 ? 'behind' : 'ahead of'
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  return new RolesAnywhereError(
    'ERR_RA_CLOCK_SKEW',
    `the service refused the signature, and this machine's clock is ${seconds} s ${direction} the service's`,
    { cause, hint: 'set the clock (NTP), then try again' },
  )
}

function hung({ endpoint }: CreateSessionTarget): RolesAnywhereError {
  return new RolesAnywhereError(
    'ERR_RA_SESSION_TIMEOUT',
    `${endpoint.hostname} did not answer in time`,
    { hint: 'check routes, firewalls and proxies to the endpoint' },
  )
}
