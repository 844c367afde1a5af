import { knownPartition, type Partition } from '../protocol/partitions.js'

/** How the registries of one partition are called, besides the names that all partitions have. */
export interface RegistryNames {
  readonly partition: Partition
  /** Suffix of dual-stack registry hosts; absent where AWS documents none. */
  readonly dualStackSuffix: string | undefined
  /** Whether the partition has FIPS registry hosts. */
  readonly fips: boolean
}

/**
 * What the partitions table does not say: registries have a dual-stack suffix of their own, and FIPS
 * hosts exist in some partitions only. The dual-stack host of the European Sovereign Cloud is not
 * documented, so it is not taken for a registry.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
 */
const NAMES: Readonly<Record<string, Omit<RegistryNames, 'partition'>>> = {
  aws: { dualStackSuffix: 'on.aws', fips: true },
  'aws-cn': { dualStackSuffix: 'on.amazonwebservices.com.cn', fips: false },
  'aws-us-gov': { dualStackSuffix: 'on.aws', fips: true },
  'aws-eusc': { dualStackSuffix: undefined, fips: true },
  'aws-iso': { dualStackSuffix: undefined, fips: false },
  'aws-iso-b': { dualStackSuffix: undefined, fips: false },
  'aws-iso-e': { dualStackSuffix: undefined, fips: false },
  'aws-iso-f': { dualStackSuffix: undefined, fips: false },
}

/** Names of the partitions that have registries. */
export const REGISTRY_PARTITIONS: readonly string[] = Object.keys(NAMES)

/** How registries of a region are called; nothing for a region that fits no partition. */
export function registryNamesOf(region: string): RegistryNames | undefined {
  const partition = knownPartition(region)
  const names = partition && NAMES[partition.name]
  return names && { partition, ...names }
}
