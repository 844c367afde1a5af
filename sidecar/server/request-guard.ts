import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, errorAnswer } from './http-answer.js'

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/** Headers that a proxy adds: whoever is behind it is not in this pod. */
const FORWARDED = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'forwarded',
  'via',
]

const TWO_HOSTS = errorAnswer(400, 'HostInvalid', 'there is more than one Host header')
const OTHER_HOST = errorAnswer(403, 'HostNotAllowed', 'the Host header does not name this server')
const PROXIED = errorAnswer(403, 'ForwardedRequest', 'forwarded requests are refused')
const BROWSER = errorAnswer(403, 'BrowserRequest', 'requests of web pages are refused')

/** The answer to a request that is refused, `undefined` when it may go on. */
export type RequestGuard = (headers: IncomingHttpHeaders) => Answer | undefined

/**
 * A guard that refuses what no SDK in the pod sends: requests for another host name (DNS rebinding),
 * through a proxy, or from a web page. The port of `Host` is not looked at, since some clients leave
 * it out; HTTP/1.0 needs no `Host`.
 *
 * @param listenHosts Addresses that the server listens on, also accepted as `Host`.
 */
export function createRequestGuard(listenHosts: readonly string[]): RequestGuard {
  const bracketed = listenHosts.map((host) => (host.includes(':') ? `[${host}]` : host))
  const names = new Set([...LOOPBACK_NAMES, ...bracketed.map((host) => host.toLowerCase())])
  // Clients in a pod agree on one Host; it is taken apart once.
  let lastAccepted: string | undefined

  function isOwn(host: string | undefined): boolean {
    if (host === lastAccepted || host === undefined) return true
    if (!names.has(host.toLowerCase().replace(/:\d{1,5}$/, ''))) return false
    lastAccepted = host
    return true
  }

  return (headers) => {
    // The server joins repeated headers, and no name of a host holds a comma (RFC 9112 section 3.2).
    if (!isOwn(headers.host)) return headers.host?.includes(',') ? TWO_HOSTS : OTHER_HOST
    for (const name of FORWARDED) if (headers[name] !== undefined) return PROXIED
    if (headers.origin !== undefined || isFromPage(headers['sec-fetch-site'])) return BROWSER
    return undefined
  }
}

/** Browsers send `none` when a person typed the address. */
function isFromPage(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== 'none'
}
