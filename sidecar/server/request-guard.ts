import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, errorAnswer } from './http-answer.js'

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Headers that a proxy adds: whoever is behind it is not in this pod. */
const FORWARDED = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'via']

/**
 * Refuses what no SDK in the pod sends: requests for another host name (DNS rebinding), through a
 * proxy, or from a web page. The port of `Host` is not looked at, since some clients leave it out.
 *
 * @param listenHost Address that the server listens on, also accepted as `Host`.
 * @returns `undefined` when the request may go on.
 */
export function guardRequest(headers: IncomingHttpHeaders, listenHost: string): Answer | undefined {
  const host = (headers.host ?? '').toLowerCase().replace(/:\d{1,5}$/, '')
  const own = listenHost.includes(':') ? `[${listenHost}]` : listenHost
  if (headers.host !== undefined && !LOOPBACK_NAMES.has(host) && host !== own) {
    return errorAnswer(403, 'HostNotAllowed', 'the Host header does not name this server')
  }
  if (FORWARDED.some((name) => headers[name] !== undefined)) {
    return errorAnswer(403, 'ForwardedRequest', 'forwarded requests are refused')
  }
  if (headers.origin !== undefined || isCrossSite(headers['sec-fetch-site'])) {
    return errorAnswer(403, 'BrowserRequest', 'requests of web pages are refused')
  }
  return undefined
}

/** Browsers send `none` when a person typed the address. */
function isCrossSite(site: string | string[] | undefined): boolean {
  return site !== undefined && site !== 'none'
}
