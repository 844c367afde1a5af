import { isRegion } from '../protocol/region.js'
import { registryNamesOf } from './registry-partitions.js'

/** A private registry: one account's, in one region. */
export interface PrivateRegistry {
  readonly kind: 'private'
  /** Twelve digits. */
  readonly account: string
  readonly partition: string
  readonly region: string
  /** Whether the host was written in its FIPS form. */
  readonly fips: boolean
  /** Whether the host was written in its dual-stack form. */
  readonly dualStack: boolean
}

/** The public gallery, of which there is one. */
export interface PublicRegistry {
  readonly kind: 'public'
  readonly partition: 'aws'
  /** Where its API is. */
  readonly region: 'us-east-1'
  readonly fips: false
  readonly dualStack: boolean
}

/** A registry of Amazon ECR. */
export type Registry = PrivateRegistry | PublicRegistry

/** What a reference to an image, a repository or a registry says about its host. */
export interface RegistryHost {
  /** Host as it was written, in its own letter case, with its port if it had one. */
  readonly host: string
  readonly registry: Registry
}

/** Other names of ECR registries: host (with its port, if any) in lower case, to an ECR host. */
export type RegistryAliases = ReadonlyMap<string, Registry>

/** Longer than any image reference. */
const MAX_REFERENCE_LENGTH = 4096

const PRIVATE = /^(\d{12})\.dkr([.-])ecr(-fips)?\.([a-z0-9-]+)\.([a-z0-9.-]+)$/
const NO_ALIASES: RegistryAliases = new Map()

/**
 * The ECR registry that an image, a repository or a registry URL is in. Anchored at both ends: a host
 * that merely looks like one of ECR's is none. Letter case does not matter, as in all host names. A
 * port other than 443 makes it another server, unless an alias names host and port.
 *
 * @param reference With or without a scheme, a path, a tag and a digest.
 * @param aliases Names of the user's own, looked up first.
 * @returns `undefined` for everything that is not a registry of ECR.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 */
export function parseRegistryHost(
  reference: string,
  aliases: RegistryAliases = NO_ALIASES,
): RegistryHost | undefined {
  if (reference.length > MAX_REFERENCE_LENGTH) return undefined
  const host = /^(?:https?:\/\/)?([A-Za-z0-9.:[\]-]+)(?:\/[^\s]*)?$/i.exec(reference)?.[1]
  if (host === undefined) return undefined
  const name = host.toLowerCase()
  const registry = aliases.get(name) ?? ecrRegistry(name.replace(/:443$/, ''))
  return registry && { host, registry }
}

function ecrRegistry(name: string): Registry | undefined {
  if (name === 'public.ecr.aws') return { ...PUBLIC, dualStack: false }
  if (name === 'ecr-public.aws.com') return { ...PUBLIC, dualStack: true }
  const [, account = '', separator, fips, region = '', suffix] = PRIVATE.exec(name) ?? []
  if (!isRegion(region)) return undefined
  const names = registryNamesOf(region)
  if (!names) return undefined
  const dualStack = separator === '-'
  const expected = dualStack ? names.dualStackSuffix : names.partition.dnsSuffix
  if (suffix === undefined || suffix !== expected) return undefined
  if (fips !== undefined && !names.fips) return undefined
  const partition = names.partition.name
  return { kind: 'private', account, partition, region, fips: fips !== undefined, dualStack }
}

const PUBLIC = { kind: 'public', partition: 'aws', region: 'us-east-1', fips: false } as const

/**
 * Every host name of ECR's under which a registry answers: one password is good for all of them.
 *
 * @returns the classic form first; without a scheme.
 */
export function registryHostNames(registry: Registry): readonly string[] {
  if (registry.kind === 'public') return ['public.ecr.aws', 'ecr-public.aws.com']
  const { account, region } = registry
  const names = registryNamesOf(region)
  if (!names) return []
  const { partition, dualStackSuffix, fips } = names
  return [
    `${account}.dkr.ecr.${region}.${partition.dnsSuffix}`,
    ...(fips ? [`${account}.dkr.ecr-fips.${region}.${partition.dnsSuffix}`] : []),
    ...(dualStackSuffix === undefined ? [] : [`${account}.dkr-ecr.${region}.${dualStackSuffix}`]),
    ...(dualStackSuffix === undefined || !fips
      ? []
      : [`${account}.dkr-ecr-fips.${region}.${dualStackSuffix}`]),
  ]
}

/**
 * The registry of an account in a region, in the classic form of its host.
 *
 * @returns `undefined` when the account is not twelve digits or the region fits no partition.
 */
export function privateRegistry(account: string, region: string): PrivateRegistry | undefined {
  const names = isRegion(region) ? registryNamesOf(region) : undefined
  if (!names || !/^\d{12}$/.test(account)) return undefined
  const partition = names.partition.name
  return { kind: 'private', account, partition, region, fips: false, dualStack: false }
}
