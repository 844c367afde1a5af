import { RolesAnywhereError } from '../errors.js'
import { partitionOf } from './partitions.js'
import { parseRegion } from './region.js'

/** Where requests go. */
export interface Endpoint {
  readonly protocol: 'https:' | 'http:'
  /** Name or address; an IPv6 address has no brackets here. */
  readonly hostname: string
  /** Absent means the protocol's own port. */
  readonly port?: number
}

/** What decides about the endpoint. */
export interface EndpointParams {
  /** Real or pseudo-region; `fips-REGION` and `REGION-fips` count as `useFips`. */
  readonly region: string
  readonly useFips?: boolean | undefined
  readonly useDualstack?: boolean | undefined
  /** Absolute URL that takes the place of AWS's own host name. */
  readonly override?: string | undefined
}

/**
 * Endpoint of IAM Roles Anywhere in a region. A FIPS name follows AWS's pattern, whether or not the
 * region has such a host.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_INVALID` when the region is no region;
 *   `ERR_RA_ENDPOINT_INVALID` when the override is unusable or contradicts FIPS or dual-stack, or the
 *   partition has no dual-stack endpoints.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
 */
export function endpointFor(params: EndpointParams): Endpoint {
  const { region, useFips: pseudoFips } = parseRegion(params.region)
  const useFips = pseudoFips || params.useFips === true
  const useDualstack = params.useDualstack === true
  if (params.override !== undefined) {
    if (useFips || useDualstack) {
      const flag = useFips ? '--use-fips-endpoint' : '--use-dualstack-endpoint'
      throw invalid(
        `endpoint (--endpoint): cannot be combined with ${flag}`,
        'drop one of the two; a custom endpoint is used exactly as given',
      )
    }
    return parseEndpoint(params.override)
  }
  const partition = partitionOf(region)
  const suffix = useDualstack ? partition.dualStackDnsSuffix : partition.dnsSuffix
  if (suffix === undefined) {
    throw invalid(
      `endpoint: partition ${partition.name} has no dual-stack endpoints`,
      'drop --use-dualstack-endpoint',
    )
  }
  const service = useFips ? 'rolesanywhere-fips' : 'rolesanywhere'
  return { protocol: 'https:', hostname: `${service}.${region}.${suffix}` }
}

/**
 * Reads the URL of an endpoint that takes the place of AWS's own.
 *
 * @param what Names the setting in errors.
 * @throws RolesAnywhereError `ERR_RA_ENDPOINT_INVALID`, also for plain HTTP to another machine.
 */
export function parseEndpoint(text: string, what = 'endpoint (--endpoint)'): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const protocol = url?.protocol
  // The URL parser drops line breaks and outer spaces; a setting that holds one is a mistake.
  if (!url || (protocol !== 'https:' && protocol !== 'http:') || /[^\u0021-\u007e]/.test(text)) {
    throw invalid(
      `${what}: not an absolute http or https URL`,
      'write it like https://rolesanywhere.eu-central-1.amazonaws.com',
    )
  }
  if (url.username || url.password || text.includes('?') || text.includes('#')) {
    throw invalid(
      `${what}: has credentials, a query or a fragment`,
      'give scheme, host and port only',
    )
  }
  if (url.pathname !== '/') {
    throw invalid(
      `${what}: has a path`,
      'give scheme, host and port only; the signed path is always /sessions',
    )
  }
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'http:' && !isLoopback(hostname)) {
    throw invalid(
      `${what}: plain http to another machine`,
      'use https; http is for a server on this machine (127.0.0.1, ::1, localhost)',
    )
  }
  return url.port ? { protocol, hostname, port: Number(url.port) } : { protocol, hostname }
}

/** Whether a host is this machine. Of a host name as the URL parser leaves it, where every IPv4 notation has become four decimal numbers. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function invalid(message: string, hint: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ENDPOINT_INVALID', message, { hint })
}
