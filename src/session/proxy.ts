import { BlockList, isIP } from 'node:net'
import { RolesAnywhereError } from '../errors.js'

type Env = Readonly<Record<string, string | undefined>>

/** Where a request goes; a host name or an address without brackets. */
interface Destination {
  readonly hostname: string
  readonly port: number
}

/**
 * The proxy for an HTTPS destination: `HTTPS_PROXY`, else `ALL_PROXY` (lower case wins over upper
 * case, as in curl), unless `NO_PROXY` names the destination. Loopback never goes through a proxy.
 *
 * @returns `undefined` when the connection is direct.
 * @throws RolesAnywhereError `ERR_RA_PROXY_INVALID`; the message leaves out the value, which may hold a password.
 */
export function proxyFor(destination: Destination, env: Env): URL | undefined {
  const variable = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'].find(
    (name) => env[name],
  )
  const text = variable && env[variable]
  if (!text || bypasses(destination, env['no_proxy'] || env['NO_PROXY'] || '')) return undefined
  const candidate = text.includes('://') ? text : `http://${text}`
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname) return url
  throw new RolesAnywhereError(
    'ERR_RA_PROXY_INVALID',
    `environment variable ${variable ?? ''} does not hold an http or https URL`,
    { hint: 'write it as http://host:port, or http://user:password@host:port' },
  )
}

/** `Proxy-Authorization` for the user and password of a proxy URL, if it has any. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (!proxy.username && !proxy.password) return undefined
  const pair = `${decode(proxy.username)}:${decode(proxy.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** A password with a bare `%` is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function bypasses({ hostname, port }: Destination, noProxy: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (host === 'localhost' || matchesAddress(host, '127.0.0.0/8') || host === '::1') return true
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => matches(host, port, entry))
}

/** Entries are `*`, a domain (with its subdomains), `.domain`, `*.domain`, an address or a CIDR block, each with an optional port. */
function matches(host: string, port: number, entry: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return matchesAddress(host, entry)
  const withPort = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(entry)
  if (withPort?.[3] !== undefined && Number(withPort[3]) !== port) return false
  const bare = withPort?.[1] ?? withPort?.[2] ?? entry.replace(/^\[|\]$/g, '')
  const name = bare.replace(/^\*?\./, '')
  if (name === '') return false
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

function matchesAddress(host: string, block: string): boolean {
  const [network = '', prefix = ''] = block.split('/')
  const family = isIP(network)
  const bits = Number(prefix)
  if (family === 0 || isIP(host) !== family) return false
  if (!/^\d+$/.test(prefix) || bits > (family === 4 ? 32 : 128)) return false
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, bits, kind)
  return list.check(host, kind)
}
