import { type ErrorCode, RolesAnywhereError } from '../errors.js'
import type { HttpRequest } from '../protocol/http-message.js'

interface Explanation {
  readonly code: ErrorCode
  readonly what: string
  readonly hint: string
}

const DNS: Explanation = {
  code: 'ERR_RA_ENDPOINT_UNREACHABLE',
  what: 'the name does not resolve',
  hint: 'check the region, DNS, and whether a proxy is needed (HTTPS_PROXY)',
}
const unreachable = (what: string): Explanation => ({
  code: 'ERR_RA_ENDPOINT_UNREACHABLE',
  what,
  hint: 'check routes and firewalls to the endpoint, and whether a proxy is needed (HTTPS_PROXY)',
})
const untrusted = (what: string): Explanation => ({
  code: 'ERR_RA_TLS_FAILED',
  what,
  hint: 'if a proxy inspects TLS, give its root certificate with --ca-bundle',
})
const dated = (what: string): Explanation => ({
  code: 'ERR_RA_TLS_FAILED',
  what,
  hint: "check this machine's clock, then the endpoint's certificate",
})

const NOT_TLS: Explanation = {
  code: 'ERR_RA_TLS_FAILED',
  what: 'the endpoint does not speak TLS 1.2 or later on this port',
  hint: 'check scheme and port of the endpoint',
}

/** What Node's error codes mean to a person. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: DNS,
  EAI_AGAIN: { ...DNS, what: 'the name server does not answer' },
  ECONNREFUSED: unreachable('the connection was refused'),
  ECONNRESET: unreachable('the connection was closed before an answer came'),
  EPIPE: unreachable('the connection was closed before an answer came'),
  EHOSTUNREACH: unreachable('there is no route to the host'),
  ENETUNREACH: unreachable('there is no route to the network'),
  ETIMEDOUT: unreachable('the connection timed out'),
  EACCES: unreachable('this machine forbids the connection'),
  EADDRNOTAVAIL: unreachable('this machine has no address to connect from'),
  EMFILE: {
    code: 'ERR_RA_ENDPOINT_UNREACHABLE',
    what: 'this process has no file descriptor left',
    hint: 'raise its limit of open files (ulimit -n), and look for a client that leaks connections',
  },
  HPE_HEADER_OVERFLOW: unreachable('the answer has more headers than the service sends'),
  CERT_HAS_EXPIRED: dated("the endpoint's certificate has expired"),
  CERT_NOT_YET_VALID: dated("the endpoint's certificate is not yet valid"),
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'ERR_RA_TLS_FAILED',
    what: "the endpoint's certificate is for another name",
    hint: 'check the endpoint, and whether something stands between',
  },
  SELF_SIGNED_CERT_IN_CHAIN: untrusted("the endpoint's certificate leads to an unknown root"),
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted("the endpoint's certificate is self-signed"),
  UNABLE_TO_GET_ISSUER_CERT: untrusted("the issuer of the endpoint's certificate is unknown"),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted(
    "the issuer of the endpoint's certificate is unknown",
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted("the issuer of the endpoint's certificate is unknown"),
  EPROTO: NOT_TLS,
}

/**
 * The coded error for a failed exchange; an error that has a code already comes back as it is, and
 * so does the abort of a caller's own signal.
 *
 * @param proxy The proxy that was being asked when it failed, if any.
 */
export function networkFailure(error: unknown, request: HttpRequest, proxy?: URL): unknown {
  if (error instanceof RolesAnywhereError) return error
  if (!(error instanceof Error) || error.name === 'AbortError') return error
  const { code, what, hint } = explain(error)
  if (proxy) {
    return new RolesAnywhereError('ERR_RA_PROXY_FAILED', `proxy ${proxy.host}: ${what}`, {
      hint: 'check HTTPS_PROXY, and NO_PROXY if the endpoint is reached without a proxy',
      cause: error,
    })
  }
  const port = request.port === undefined ? '' : `:${request.port}`
  const endpoint = `${request.protocol}//${bracketed(request.hostname)}${port}`
  return new RolesAnywhereError(code, `cannot reach ${endpoint}: ${what}`, { hint, cause: error })
}

const bracketed = (hostname: string): string =>
  hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname

function explain(error: Error): Explanation {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = EXPLANATIONS[code]
  if (known) return known
  // A connection tried on several addresses fails with one error for each.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) {
    return explain(error.errors[0])
  }
  if (/^ERR_SSL_.*(PROTOCOL|VERSION)/.test(code)) return NOT_TLS
  if (/^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|CRL_)/.test(code)) {
    return untrusted(`TLS failed (${code})`)
  }
  if (code.startsWith('HPE_')) return unreachable('the answer is not HTTP')
  return unreachable(code ? `the exchange failed (${code})` : 'the exchange failed')
}
