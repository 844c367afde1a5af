import { RolesAnywhereError } from '../errors.js'
import { type Endpoint, parseEndpoint } from '../protocol/endpoints.js'
import { partitionOf } from '../protocol/partitions.js'
import type { Registry } from './registry-host.js'

/** What decides about the endpoint of ECR's API, besides the registry itself. */
export interface ApiEndpointOptions {
  /** Ask for it even when the registry's host is not in its FIPS form. */
  readonly useFips?: boolean
  /** Ask for it even when the registry's host is not in its dual-stack form. */
  readonly useDualstack?: boolean
  /** Absolute URL that takes the place of AWS's host for private registries. */
  readonly override?: string
  /** The same for the public gallery. */
  readonly publicOverride?: string
}

/** Partitions that Roles Anywhere does not reach: their registries can be named, but not used. */
const WITHOUT_ROLES_ANYWHERE = ['aws-iso', 'aws-iso-b']

/**
 * Where GetAuthorizationToken is asked for a registry. The form of the registry's host decides along
 * with the options: who pulls from a FIPS host must not get the password elsewhere.
 *
 * @throws RolesAnywhereError `ERR_RA_ENDPOINT_INVALID` when an override is unusable, the partition has
 *   no such endpoint, or Roles Anywhere does not exist in it.
 * @see https://docs.aws.amazon.com/general/latest/gr/ecr.html
 */
export function apiEndpointFor(registry: Registry, options: ApiEndpointOptions = {}): Endpoint {
  const { region, partition } = registry
  const publicly = registry.kind === 'public'
  const override = publicly ? options.publicOverride : options.override
  if (override !== undefined) {
    const name = publicly ? 'AWS_ENDPOINT_URL_ECR_PUBLIC' : 'AWS_ENDPOINT_URL_ECR'
    return parseEndpoint(override, `endpoint of ECR (${name})`)
  }
  if (WITHOUT_ROLES_ANYWHERE.includes(partition)) {
    throw invalid(
      `partition ${partition} has no IAM Roles Anywhere`,
      'use another kind of credential for registries of that partition',
    )
  }
  const dualStack = registry.dualStack || options.useDualstack === true
  if (publicly) {
    if (options.useFips === true) {
      throw invalid('the public gallery has no FIPS endpoint', 'drop --use-fips-endpoint')
    }
    const hostname = dualStack ? `ecr-public.${region}.api.aws` : `api.ecr-public.${region}.${AWS}`
    return { protocol: 'https:', hostname }
  }
  const { dnsSuffix, dualStackDnsSuffix } = partitionOf(region)
  const fips = registry.fips || options.useFips === true
  if (dualStack && dualStackDnsSuffix === undefined) {
    throw invalid(
      `partition ${partition} has no dual-stack endpoints`,
      'drop --use-dualstack-endpoint',
    )
  }
  // AWS's reference has `ecr-fips.REGION`; the rules of its SDKs put `api.` before it.
  const label = fips ? 'ecr-fips' : dualStack ? 'ecr' : 'api.ecr'
  const suffix = dualStack ? dualStackDnsSuffix : dnsSuffix
  return { protocol: 'https:', hostname: `${label}.${region}.${suffix}` }
}

const AWS = 'amazonaws.com'

function invalid(message: string, hint: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ENDPOINT_INVALID', `endpoint of ECR: ${message}`, { hint })
}
