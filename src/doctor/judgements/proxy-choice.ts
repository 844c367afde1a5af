import type { Endpoint } from '../../protocol/endpoints.js'
import { proxyFor } from '../../session/proxy.js'
import { type Finding, ok, warning } from '../finding.js'

type Env = Readonly<Record<string, string | undefined>>

/** Which proxy is used, and what to say of it. */
export interface ProxyChoice {
  readonly proxy: URL | null
  readonly finding: Finding
}

/** In the order in which they are looked at. */
const VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']

/**
 * Says which proxy requests to an endpoint take, and why. The user and password of a proxy are never
 * part of the answer.
 *
 * @throws RolesAnywhereError `ERR_RA_PROXY_INVALID`.
 */
export function chooseProxy({ protocol, hostname, port = 443 }: Endpoint, env: Env): ProxyChoice {
  const variable = VARIABLES.find((name) => env[name])
  const detail = { variable: variable ?? null }
  if (protocol === 'http:') {
    return { proxy: null, finding: ok('none: plain http stays on this machine', detail) }
  }
  if (variable === undefined) return { proxy: null, finding: withoutProxy(env) }
  const proxy = proxyFor({ hostname, port }, env)
  if (proxy) {
    const finding = ok(`${proxy.host} (environment variable ${variable})`, {
      ...detail,
      proxy: proxy.host,
    })
    return { proxy, finding }
  }
  const why = env['no_proxy'] ? 'no_proxy' : env['NO_PROXY'] ? 'NO_PROXY' : undefined
  const reason = why === undefined ? 'the endpoint is this machine' : `${why}, or this machine`
  return { proxy: null, finding: ok(`none, although ${variable} is set: ${reason}`, detail) }
}

/** `HTTP_PROXY` alone is a common half of a setup. */
function withoutProxy(env: Env): Finding {
  const half = ['http_proxy', 'HTTP_PROXY'].find((name) => env[name])
  if (half === undefined) return ok('none: HTTPS_PROXY and ALL_PROXY are not set')
  return warning(
    `none: ${half} is set, and it does not count for https`,
    'set HTTPS_PROXY as well if the endpoint is only reached through the proxy',
    { variable: half },
  )
}
