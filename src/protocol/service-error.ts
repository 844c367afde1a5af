import { RolesAnywhereError, type ErrorCode } from '../errors.js'
import type { HttpResponse } from './http-message.js'
import { type Explanation, explainRefusal, isThrottling } from './refusals.js'

/** Error answers are short; a longer one is not read. */
const MAX_BODY_LENGTH = 64 * 1024
const MAX_MESSAGE_LENGTH = 500

/** What a refusing service said. It rides as the `cause` of the error; see {@link serviceFaultOf}. */
export class ServiceFault {
  /** HTTP status code. */
  readonly status: number
  /** The service's name for the error, for example `AccessDeniedException`. */
  readonly type: string | undefined
  /** The service's text on one line, without control characters, cut to a bearable length. */
  readonly message: string | undefined
  /** What AWS support asks for. */
  readonly requestId: string | undefined
  readonly explanation: Explanation
  /** How long the service asks to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined

  /** @param at When the answer arrived; a `Retry-After` that is a date means nothing without it. */
  constructor(response: HttpResponse, at?: Date) {
    const { status, headers } = response
    const body = jsonObject(response.body)
    const names = [headers['x-amzn-errortype'], body['code'], body['__type'], body['Code']]
    this.status = status
    this.type = names.map(errorName).find((name) => name !== undefined)
    this.message = oneLine(body['message'] ?? body['Message'])
    this.requestId = /^[\w-]{1,128}$/.exec(headers['x-amzn-requestid'] ?? '')?.[0]
    this.explanation = explainRefusal(status, this.type, this.message)
    this.retryAfterMs = retryAfterMs(response, at)
  }
}

/**
 * Turns an answer that is not a success into an error.
 *
 * @param at When the answer arrived.
 * @returns an error with code `ERR_RA_THROTTLED`, `ERR_RA_SERVICE_FAILED` (5xx),
 *   `ERR_RA_SESSION_DENIED` (403), `ERR_RA_REQUEST_REFUSED` (400, or an ARN not found) or, for anything
 *   else, `ERR_RA_RESPONSE_INVALID`.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function serviceError(response: HttpResponse, at?: Date): RolesAnywhereError {
  const fault = new ServiceFault(response, at)
  const { status, type, message, explanation } = fault
  const name = type === undefined ? '' : ` ${type}`
  const text = message === undefined ? '' : `: ${message.replace(/\.$/, '')}`
  return new RolesAnywhereError(
    codeOf(fault),
    `CreateSession answered HTTP ${status}${name}${text}`,
    {
      cause: fault,
      hint: explanation.hint,
    },
  )
}

function codeOf({ status, type, explanation }: ServiceFault): ErrorCode {
  if (isThrottling(status, type)) return 'ERR_RA_THROTTLED'
  if (status >= 500) return 'ERR_RA_SERVICE_FAILED'
  if (status === 403) return 'ERR_RA_SESSION_DENIED'
  if (status === 400 || explanation.reason === 'resource-not-found') return 'ERR_RA_REQUEST_REFUSED'
  return 'ERR_RA_RESPONSE_INVALID'
}

/** What the service said, if an error came from {@link serviceError}. */
export function serviceFaultOf(error: unknown): ServiceFault | undefined {
  return error instanceof RolesAnywhereError && error.cause instanceof ServiceFault
    ? error.cause
    : undefined
}

/** Whether the service found the signature wrong, which it also does when the clocks differ. */
export function isInvalidSignature(error: unknown): boolean {
  return serviceFaultOf(error)?.explanation.reason === 'signature-invalid'
}

/**
 * How long the service asks us to wait, from `Retry-After`: seconds, or an HTTP date.
 *
 * @param at When the answer arrived; without it, a date says nothing.
 * @returns milliseconds, never negative; nothing when the header is absent or unreadable.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function retryAfterMs(response: HttpResponse, at?: Date): number | undefined {
  const value = response.headers['retry-after']?.trim() ?? ''
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const until = httpDateMs(value)
  return until === undefined || !at ? undefined : Math.max(until - at.getTime(), 0)
}

/**
 * How far the service's clock is ahead of ours, from `Date`, which is exact to a second.
 *
 * @param at When the answer arrived, by our clock.
 * @returns milliseconds to add to our clock; nothing when the header is absent or unreadable.
 */
export function clockSkewMs(response: HttpResponse, at: Date): number | undefined {
  const date = httpDateMs(response.headers['date'] ?? '')
  return date === undefined ? undefined : date - at.getTime()
}

/** Only the form that RFC 9110 has servers write: what else `Date.parse` takes has no certain zone. */
function httpDateMs(text: string): number | undefined {
  const ms = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? undefined : ms
}

function jsonObject(body: string): Readonly<Record<string, unknown>> {
  if (body.length > MAX_BODY_LENGTH) return {}
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    // HTML of a proxy or load balancer, or nothing at all: the status has to do.
    return {}
  }
}

/** `Name`, `Name:http://...` and `namespace#Name` all mean `Name`. */
function errorName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const name = value.split(':', 1)[0]?.split('#').at(-1)?.trim() ?? ''
  return /^[\w.-]{1,128}$/.test(name) ? name : undefined
}

function oneLine(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  // Control, format and line characters, and halves of cut pairs: none may reach a terminal or a log.
  const clean = value
    .slice(0, MAX_MESSAGE_LENGTH)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  return clean === '' ? undefined : clean
}
