/** One AWS partition: a set of regions with their own accounts, ARNs and host names. */
export interface Partition {
  /** Second field of its ARNs. */
  readonly name: string
  /** Names of its regions, those of the future included. */
  readonly regions: RegExp
  readonly dnsSuffix: string
  /** Absent where the partition has no dual-stack endpoints. */
  readonly dualStackDnsSuffix: string | undefined
}

const AWS: Partition = {
  name: 'aws',
  regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/,
  dnsSuffix: 'amazonaws.com',
  dualStackDnsSuffix: 'api.aws',
}

const PARTITIONS: readonly Partition[] = [
  AWS,
  {
    name: 'aws-cn',
    regions: /^cn-\w+-\d+$/,
    dnsSuffix: 'amazonaws.com.cn',
    dualStackDnsSuffix: 'api.amazonwebservices.com.cn',
  },
  {
    name: 'aws-us-gov',
    regions: /^us-gov-\w+-\d+$/,
    dnsSuffix: 'amazonaws.com',
    dualStackDnsSuffix: 'api.aws',
  },
  {
    name: 'aws-eusc',
    regions: /^eusc-de-\w+-\d+$/,
    dnsSuffix: 'amazonaws.eu',
    dualStackDnsSuffix: 'api.amazonwebservices.eu',
  },
  {
    name: 'aws-iso',
    regions: /^us-iso-\w+-\d+$/,
    dnsSuffix: 'c2s.ic.gov',
    dualStackDnsSuffix: undefined,
  },
  {
    name: 'aws-iso-b',
    regions: /^us-isob-\w+-\d+$/,
    dnsSuffix: 'sc2s.sgov.gov',
    dualStackDnsSuffix: undefined,
  },
  {
    name: 'aws-iso-e',
    regions: /^eu-isoe-\w+-\d+$/,
    dnsSuffix: 'cloud.adc-e.uk',
    dualStackDnsSuffix: undefined,
  },
  {
    name: 'aws-iso-f',
    regions: /^us-isof-\w+-\d+$/,
    dnsSuffix: 'csp.hci.ic.gov',
    dualStackDnsSuffix: undefined,
  },
]

/** The partition whose naming a region follows; nothing for a name that fits none. */
export function knownPartition(region: string): Partition | undefined {
  return PARTITIONS.find((partition) => partition.regions.test(region))
}

/** The partition whose host names a region uses. A name that fits none is taken for a new region of `aws`. */
export function partitionOf(region: string): Partition {
  return knownPartition(region) ?? AWS
}
