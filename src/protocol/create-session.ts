import { RolesAnywhereError } from '../errors.js'
import { Secret } from '../secret.js'
import { VERSION } from '../version.js'
import { canonicalQuery } from './canonical-request.js'
import type { Endpoint } from './endpoints.js'
import type { HttpRequest, HttpResponse } from './http-message.js'
import { serviceError } from './service-error.js'
import type { Session, SessionCredentials } from './session-credentials.js'

const MIN_DURATION_SECONDS = 900
const MAX_DURATION_SECONDS = 43_200

/** What CreateSession is asked for. */
export interface CreateSessionParams {
  readonly trustAnchorArn: string
  readonly profileArn: string
  readonly roleArn: string
  /** 900 to 43200. Default: the profile's. The service never grants more than the profile does. */
  readonly durationSeconds?: number | undefined
  /** 2 to 64 of `[\w+=,.@-]`. Default: the certificate's serial number. The profile must accept it. */
  readonly roleSessionName?: string | undefined
}

/**
 * Builds an unsigned CreateSession request. The ARNs are taken as they are; see `resolveTarget`.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID` when the duration is out of range or the role
 *   session name has a character or a length that the service refuses.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function createSessionRequest(params: CreateSessionParams, endpoint: Endpoint): HttpRequest {
  const { trustAnchorArn, profileArn, roleArn, durationSeconds, roleSessionName } = params
  if (durationSeconds !== undefined && !isDuration(durationSeconds)) {
    throw new RolesAnywhereError(
      'ERR_RA_SETTING_INVALID',
      'session duration (--session-duration): out of range',
      { hint: `give ${MIN_DURATION_SECONDS} s (15m) to ${MAX_DURATION_SECONDS} s (12h)` },
    )
  }
  if (roleSessionName !== undefined && !/^[\w+=,.@-]{2,64}$/.test(roleSessionName)) {
    throw new RolesAnywhereError(
      'ERR_RA_SETTING_INVALID',
      'role session name (--role-session-name): not a name that the service takes',
      { hint: 'use 2 to 64 letters, digits and _+=,.@-' },
    )
  }
  return {
    ...endpoint,
    method: 'POST',
    path: '/sessions',
    query: { profileArn, roleArn, trustAnchorArn },
    headers: {
      'content-type': 'application/json',
      'user-agent': `rolesanywhere/${VERSION}`,
    },
    body: JSON.stringify({ durationSeconds, roleSessionName }),
  }
}

function isDuration(seconds: number): boolean {
  return (
    Number.isInteger(seconds) && seconds >= MIN_DURATION_SECONDS && seconds <= MAX_DURATION_SECONDS
  )
}

/** Request target for the request line: path and query, encoded exactly as the signature covers them. */
export function requestTarget(request: HttpRequest): string {
  const query = canonicalQuery(request)
  return query === '' ? request.path : `${request.path}?${query}`
}

/**
 * Reads a CreateSession answer. Pure: takes what came off the wire, returns values or throws.
 *
 * @param at The present instant, against which the expiration is held.
 * @throws RolesAnywhereError `ERR_RA_RESPONSE_INVALID` when a success holds no complete, unexpired
 *   credential set, and whatever `serviceError` makes of any other status.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function processCreateSessionResponse(response: HttpResponse, at: Date): Session {
  if (response.status < 200 || response.status > 299) throw serviceError(response, at)
  const answer = parseBody(response)
  const entry = record(list(answer['credentialSet'])[0])
  const credentials = readCredentials(record(entry['credentials']))
  if (credentials.expiration.getTime() <= at.getTime()) {
    throw invalid(
      'CreateSession answered with credentials that have expired already',
      "set this machine's clock (NTP), then try again",
    )
  }
  return {
    credentials,
    assumedRoleArn: visibleText(record(entry['assumedRoleUser'])['arn']),
    subjectArn: visibleText(answer['subjectArn']),
  }
}

function readCredentials(fields: Readonly<Record<string, unknown>>): SessionCredentials {
  const accessKeyId = visibleText(fields['accessKeyId'])
  const secretAccessKey = visibleText(fields['secretAccessKey'])
  const sessionToken = visibleText(fields['sessionToken'])
  const expiration = instant(fields['expiration'])
  if (!accessKeyId || !secretAccessKey || !sessionToken || !expiration) {
    // The body is left out on purpose: a malformed answer can still hold live credentials.
    throw invalid(
      'CreateSession answered without a complete credential set',
      'check --endpoint and the proxy settings; if they are right, the service is at fault',
    )
  }
  return {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: new Secret(sessionToken),
    expiration,
  }
}

function parseBody({ status, body }: HttpResponse): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(body))
  } catch {
    // The parser's error is dropped on purpose: it quotes the body, which may hold live credentials.
    throw invalid(
      `CreateSession answered HTTP ${status} with something else than JSON`,
      'a proxy or a captive portal may have answered: check the proxy settings and --endpoint',
    )
  }
}

function invalid(message: string, hint: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_RESPONSE_INVALID', message, { hint })
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text that can go into a header or an environment variable as it is: every field of AWS's can. */
function visibleText(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\u0021-\u007e]+$/.test(value) ? value : undefined
}

/** RFC 3339 with a zone; without one, the instant would depend on this machine's own. */
function instant(value: unknown): Date | undefined {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/
  if (typeof value !== 'string' || !form.test(value)) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}
