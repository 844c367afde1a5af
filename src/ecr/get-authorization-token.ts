import type { Clock } from '../clock.js'
import { type ErrorCode, RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import type { HttpResponse } from '../protocol/http-message.js'
import { retryAfterMs } from '../protocol/service-error.js'
import { backoffMs } from '../session/backoff.js'
import type { ObtainedSession } from '../session/create-session.js'
import { deadline, type Deadline } from '../session/deadline.js'
import type { Send } from '../session/http-client.js'
import { type ApiEndpointOptions, apiEndpointFor } from './api-endpoint.js'
import {
  type AuthorizationToken,
  authorizationTokenRequest,
  processAuthorizationTokenResponse,
  signingName,
} from './authorization-token.js'
import type { Registry } from './registry-host.js'
import { signV4 } from './sign-v4.js'

/** Effects of {@link getAuthorizationToken}. */
export interface GetAuthorizationTokenDeps {
  readonly send: Send
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  /** Ends the call early. */
  readonly signal?: AbortSignal
}

const TIMEOUT_MS = 15_000
const MAX_ATTEMPTS = 3

/** Failures that the same request may survive a moment later. */
const RETRIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ERR_RA_ENDPOINT_UNREACHABLE',
  'ERR_RA_PROXY_FAILED',
  'ERR_RA_SESSION_TIMEOUT',
  'ERR_RA_THROTTLED',
  'ERR_RA_SERVICE_FAILED',
])

/**
 * Calls GetAuthorizationToken for the region of a registry, three times at the most and for 15 s in
 * all; each attempt is signed anew, with the service's time as far as CreateSession found it out.
 *
 * @throws RolesAnywhereError as `processAuthorizationTokenResponse` does, `ERR_RA_SESSION_TIMEOUT`
 *   when the service does not answer in time, or what the network failed with.
 */
export async function getAuthorizationToken(
  registry: Registry,
  session: Pick<ObtainedSession, 'credentials' | 'clockOffsetMs'>,
  endpoint: ApiEndpointOptions,
  deps: GetAuthorizationTokenDeps,
): Promise<AuthorizationToken> {
  const limit = deadline(TIMEOUT_MS, deps.clock, deps.signal)
  const unsigned = authorizationTokenRequest(registry, apiEndpointFor(registry, endpoint))
  const scope = { region: registry.region, service: signingName(registry) }

  async function once(turn: Deadline): Promise<Outcome> {
    let response: HttpResponse | undefined
    try {
      const at = new Date(deps.clock.now().getTime() + session.clockOffsetMs)
      const signed = await signV4(unsigned, session.credentials, scope, at)
      response = await deps.send(signed, turn.signal)
      const token = processAuthorizationTokenResponse(registry, response, deps.clock.now())
      return { token }
    } catch (error) {
      deps.signal?.throwIfAborted()
      return { error: turn.passed() || limit.passed() ? hung(unsigned.hostname) : error, response }
    }
  }

  try {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === MAX_ATTEMPTS
      // An attempt that hangs must leave time for another one.
      const turn = last ? limit : deadline(limit.remainingMs() / 2, deps.clock, limit.signal)
      const outcome = await once(turn).finally(() => turn !== limit && turn.clear())
      if ('token' in outcome) return outcome.token
      const { error, response } = outcome
      if (!(error instanceof RolesAnywhereError) || !RETRIED.has(error.code) || last) throw error
      const asked = response && retryAfterMs(response, deps.clock.now())
      const waitMs = asked ?? backoffMs(attempt, deps.random)
      if (waitMs >= limit.remainingMs()) throw error
      deps.log.warn('GetAuthorizationToken failed, trying again', { error, attempt, waitMs })
      await deps.clock.sleep(waitMs, { signal: limit.signal })
    }
  } finally {
    limit.clear()
  }
}

type Outcome =
  | { readonly token: AuthorizationToken }
  | { readonly error: unknown; readonly response: HttpResponse | undefined }

function hung(hostname: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_SESSION_TIMEOUT', `${hostname} did not answer in time`, {
    hint: 'check routes, firewalls and proxies to the endpoint',
  })
}
