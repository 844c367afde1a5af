import { type ErrorCode, RolesAnywhereError } from '../../src/errors.js'

/** The part of a `Status` object that says what went wrong. */
interface StatusBody {
  readonly reason?: unknown
  readonly message?: unknown
}

/** A refusal that is worth telling apart, by HTTP status. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'ERR_RA_KUBE_UNAUTHORIZED',
  403: 'ERR_RA_KUBE_FORBIDDEN',
  404: 'ERR_RA_KUBE_NOT_FOUND',
  409: 'ERR_RA_KUBE_CONFLICT',
  410: 'ERR_RA_KUBE_GONE',
  422: 'ERR_RA_KUBE_INVALID',
  429: 'ERR_RA_KUBE_UNAVAILABLE',
}

const HINTS: Partial<Record<ErrorCode, string>> = {
  ERR_RA_KUBE_UNAUTHORIZED: 'check the kubeconfig, or the token of the service account',
  ERR_RA_KUBE_FORBIDDEN:
    'grant the verb that the message names; the manifests hold the needed rules',
}

/** Longest text of the API server's that goes into an error. */
const MAX_TEXT = 500

/**
 * The error for an answer of the API server that is not a success. What the server says is kept, since
 * it names verb, resource and subject; it never holds the content of an object that was sent.
 *
 * @param what Verb and path, for the message.
 */
export function refusal(status: number, body: unknown, what: string): RolesAnywhereError {
  const { reason, message }: StatusBody = isObject(body) ? body : {}
  const code = reason === 'Expired' ? 'ERR_RA_KUBE_GONE' : (CODES[status] ?? failedCode(status))
  const said =
    typeof message === 'string' && code !== 'ERR_RA_KUBE_INVALID' ? `: ${clip(message)}` : ''
  const hint = HINTS[code]
  return new RolesAnywhereError(
    code,
    `the API server answered ${what} with HTTP ${status}${said}`,
    hint === undefined ? {} : { hint },
  )
}

const failedCode = (status: number): ErrorCode =>
  status >= 500 ? 'ERR_RA_KUBE_UNAVAILABLE' : 'ERR_RA_KUBE_INVALID'

/** No answer at all: the connection failed or broke. */
export function unreachable(cause: unknown, what: string): RolesAnywhereError {
  if (cause instanceof RolesAnywhereError) return cause
  const detail = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''
  return new RolesAnywhereError(
    'ERR_RA_KUBE_UNREACHABLE',
    `no answer from the API server to ${what}${detail}`,
    { cause, hint: 'check the address of the API server and the network policies' },
  )
}

/** Whether an error is one of the API server's refusals of that code. */
export function isRefusal(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof RolesAnywhereError && codes.includes(error.code)
}

const clip = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
