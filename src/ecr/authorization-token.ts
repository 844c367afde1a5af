import { Buffer } from 'node:buffer'
import { type ErrorCode, RolesAnywhereError } from '../errors.js'
import type { Endpoint } from '../protocol/endpoints.js'
import type { HttpRequest, HttpResponse } from '../protocol/http-message.js'
import { isThrottling } from '../protocol/refusals.js'
import { clockSkewMs, ServiceFault } from '../protocol/service-error.js'
import { Secret } from '../secret.js'
import type { Registry } from './registry-host.js'

/** A password for the registries of a region, as GetAuthorizationToken gives it. */
export interface AuthorizationToken {
  /** What to log in as: always this. */
  readonly username: 'AWS'
  readonly password: Secret
  /** End of its life by the service's clock. */
  readonly expiresAt: Date
  /** When it came, by this machine's clock. */
  readonly obtainedAt: Date
  /** How long it lived from then on, by the service's clock. */
  readonly lifeMs: number
}

/** Differences below this are the network's, not the clocks'. */
const MIN_SKEW_MS = 60_000

const OPERATION = {
  private: {
    service: 'ecr',
    target: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
  },
  public: { service: 'ecr-public', target: 'SpencerFrontendService.GetAuthorizationToken' },
} as const

/** Service name of the signing scope for a registry's API. */
export const signingName = ({ kind }: Registry): string => OPERATION[kind].service

/**
 * An unsigned GetAuthorizationToken request. Without `registryIds`, which ECR has deprecated: the
 * password is good for every registry that the role may use.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */
export function authorizationTokenRequest(registry: Registry, endpoint: Endpoint): HttpRequest {
  return {
    ...endpoint,
    method: 'POST',
    path: '/',
    query: {},
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': OPERATION[registry.kind].target,
    },
    body: '{}',
  }
}

/**
 * Reads the answer of GetAuthorizationToken. Pure.
 *
 * @param at When it came, by this machine's clock.
 * @throws RolesAnywhereError `ERR_RA_ECR_TOKEN_DENIED` when the role may not ask,
 *   `ERR_RA_ECR_SESSION_REFUSED` when the session itself is not accepted, `ERR_RA_THROTTLED`,
 *   `ERR_RA_SERVICE_FAILED`, or `ERR_RA_RESPONSE_INVALID` for what is no such answer.
 */
export function processAuthorizationTokenResponse(
  registry: Registry,
  response: HttpResponse,
  at: Date,
): AuthorizationToken {
  if (response.status !== 200) throw refusal(registry, response)
  const data = record(parse(response.body))['authorizationData']
  // ECR answers with a list, the public gallery with one object.
  const entry = record(Array.isArray(data) ? (data as readonly unknown[])[0] : data)
  const password = passwordOf(entry['authorizationToken'])
  const seconds = entry['expiresAt']
  if (!password || typeof seconds !== 'number' || !(seconds > 0 && seconds < 1e11)) {
    throw invalid('GetAuthorizationToken answered without a complete token')
  }
  const skewMs = clockSkewMs(response, at) ?? 0
  const serviceNowMs = at.getTime() + (Math.abs(skewMs) < MIN_SKEW_MS ? 0 : skewMs)
  const lifeMs = Math.floor(seconds * 1000) - serviceNowMs
  if (lifeMs <= 0) throw invalid('GetAuthorizationToken answered with a token that has expired')
  const expiresAt = new Date(Math.floor(seconds * 1000))
  return { username: 'AWS', password, expiresAt, obtainedAt: at, lifeMs }
}

/** The token is base64 of `AWS:password`; the password may hold further colons. */
function passwordOf(token: unknown): Secret | undefined {
  if (typeof token !== 'string' || !/^[\w+/=-]+$/.test(token)) return undefined
  const text = Buffer.from(token, 'base64').toString('utf8')
  const password = text.startsWith('AWS:') ? text.slice('AWS:'.length) : ''
  return /^[\u0021-\u007e]+$/.test(password) ? new Secret(password) : undefined
}

const SESSION_REFUSED =
  /^(UnrecognizedClient|ExpiredToken|InvalidSignature|InvalidClientTokenId|MissingAuthenticationToken|IncompleteSignature)/

function refusal(registry: Registry, response: HttpResponse): RolesAnywhereError {
  const cause = new ServiceFault(response)
  const { status, type, message } = cause
  const name = type === undefined ? '' : ` ${type}`
  const text = message === undefined ? '' : `: ${message.replace(/\.$/, '')}`
  const { code, hint } = explain(registry, cause)
  const what = `GetAuthorizationToken of ${OPERATION[registry.kind].service}`
  return new RolesAnywhereError(code, `${what} answered HTTP ${status}${name}${text}`, {
    cause,
    hint,
  })
}

function explain(
  { kind }: Registry,
  { status, type }: ServiceFault,
): { readonly code: ErrorCode; readonly hint: string } {
  if (isThrottling(status, type)) {
    return { code: 'ERR_RA_THROTTLED', hint: 'too many processes ask: share the cache on disk' }
  }
  if (status >= 500) return { code: 'ERR_RA_SERVICE_FAILED', hint: 'try again later' }
  if (type?.startsWith('AccessDenied')) {
    const needed =
      kind === 'public'
        ? 'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken'
        : 'ecr:GetAuthorizationToken'
    return {
      code: 'ERR_RA_ECR_TOKEN_DENIED',
      hint: `allow the role ${needed} on resource "*"; a session policy of the profile counts, too`,
    }
  }
  if (type !== undefined && SESSION_REFUSED.test(type)) {
    return {
      code: 'ERR_RA_ECR_SESSION_REFUSED',
      hint: 'check the clock of this machine and the region of the registry',
    }
  }
  return {
    code: 'ERR_RA_RESPONSE_INVALID',
    hint: 'check AWS_ENDPOINT_URL_ECR and the proxy settings: the answer does not look like one of ECR',
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    // The parser's error is dropped on purpose: it quotes the body, which may hold a password.
    throw invalid('GetAuthorizationToken answered with something else than JSON')
  }
}

function invalid(message: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_RESPONSE_INVALID', message, {
    hint: "check this machine's clock, AWS_ENDPOINT_URL_ECR and the proxy settings",
  })
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
