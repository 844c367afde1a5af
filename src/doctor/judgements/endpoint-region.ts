import type { Endpoint } from '../../protocol/endpoints.js'
import { partitionOf } from '../../protocol/partitions.js'
import { failed, type Finding, ok, warning } from '../finding.js'

/** AWS's own hosts, and those of VPC endpoints: a region, and the domain of its partition. */
const HOSTS = [
  /^rolesanywhere(?:-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/,
  /^vpce-[a-z0-9-]+\.rolesanywhere(?:-fips)?\.([a-z0-9-]+)\.vpce\.([a-z0-9.-]+)$/,
]

function regionOf(hostname: string): string | undefined {
  for (const pattern of HOSTS) {
    const [, region = '', suffix] = pattern.exec(hostname) ?? []
    const { dnsSuffix, dualStackDnsSuffix } = partitionOf(region)
    if (suffix !== undefined && [dnsSuffix, dualStackDnsSuffix].includes(suffix)) return region
  }
  return undefined
}

/** Says whether an endpoint is one of the region that requests are signed for. */
export function judgeEndpoint(endpoint: Endpoint, region: string): Finding {
  const { protocol, hostname, port } = endpoint
  const url = `${protocol}//${hostname.includes(':') ? `[${hostname}]` : hostname}`
  const shown = port === undefined ? url : `${url}:${port}`
  const named = regionOf(hostname)
  const detail = { endpoint: shown, region: named ?? null }
  if (named === region) return ok(shown, detail)
  if (named !== undefined) {
    return failed(
      'ERR_RA_ARN_MISMATCH',
      `${shown} is of region ${named}, and requests are signed for ${region}`,
      'drop --endpoint, or give that of the region',
      detail,
    )
  }
  if (protocol === 'http:') return ok(`${shown}, on this machine`, detail)
  return warning(
    `${shown} is not a host of AWS: whether it serves ${region} cannot be told`,
    'drop --endpoint unless you know who answers there',
    detail,
  )
}
