import { REGISTRY_PARTITIONS } from './registry-partitions.js'
import { ROLE_ANNOTATION } from './service-account-role.js'

/** The kubelet's configuration of credential providers, as far as this package writes it. */
export interface CredentialProviderConfig {
  readonly apiVersion: string
  readonly kind: string
  readonly providers: readonly CredentialProvider[]
}

/** One provider: an executable in the kubelet's folder, and the images that it is asked for. */
export interface CredentialProvider {
  readonly name: string
  readonly matchImages: readonly string[]
  readonly defaultCacheDuration: string
  readonly apiVersion: string
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value: string }[]
  readonly tokenAttributes?: TokenAttributes
}

/** The mode with service account tokens. */
export interface TokenAttributes {
  readonly serviceAccountTokenAudience: string
  readonly cacheType: string
  readonly requireServiceAccount: boolean
  readonly requiredServiceAccountAnnotationKeys?: readonly string[]
  readonly optionalServiceAccountAnnotationKeys?: readonly string[]
}

/** What the configuration depends on. */
export interface ProviderConfigInit {
  /** File name of the executable. */
  readonly name: string
  /** Partitions to cover, for example `aws`. */
  readonly partitions: readonly string[]
  /** Host names of the user's own. */
  readonly aliases: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Audience of the service account tokens; absent: the node's own role for every pod. */
  readonly audience?: string
}

/** Patterns that cover every registry host of a partition. */
const MATCH_IMAGES: Readonly<Record<string, readonly string[]>> = {
  aws: [
    '*.dkr.ecr.*.amazonaws.com',
    '*.dkr.ecr-fips.*.amazonaws.com',
    '*.dkr-ecr.*.on.aws',
    '*.dkr-ecr-fips.*.on.aws',
    'public.ecr.aws',
    'ecr-public.aws.com',
  ],
  'aws-cn': ['*.dkr.ecr.*.amazonaws.com.cn', '*.dkr-ecr.*.on.amazonwebservices.com.cn'],
  'aws-us-gov': [
    '*.dkr.ecr.*.amazonaws.com',
    '*.dkr.ecr-fips.*.amazonaws.com',
    '*.dkr-ecr.*.on.aws',
    '*.dkr-ecr-fips.*.on.aws',
  ],
  'aws-eusc': ['*.dkr.ecr.*.amazonaws.eu', '*.dkr.ecr-fips.*.amazonaws.eu'],
  'aws-iso': ['*.dkr.ecr.*.c2s.ic.gov'],
  'aws-iso-b': ['*.dkr.ecr.*.sc2s.sgov.gov'],
  'aws-iso-e': ['*.dkr.ecr.*.cloud.adc-e.uk'],
  'aws-iso-f': ['*.dkr.ecr.*.csp.hci.ic.gov'],
}

/** Patterns that cover every registry host of the partitions, each once. */
export function matchImagesFor(partitions: readonly string[] = REGISTRY_PARTITIONS): string[] {
  return [...new Set(partitions.flatMap((name) => MATCH_IMAGES[name] ?? []))]
}

/**
 * The kubelet's configuration for this package's credential provider.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/
 */
export function providerConfig(init: ProviderConfigInit): CredentialProviderConfig {
  const env = Object.entries(init.env).map(([name, value]) => ({ name, value }))
  return {
    apiVersion: 'kubelet.config.k8s.io/v1',
    kind: 'CredentialProviderConfig',
    providers: [
      {
        name: init.name,
        matchImages: [...matchImagesFor(init.partitions), ...init.aliases],
        // Each answer says how long it may be kept; one that does not is not kept at all.
        defaultCacheDuration: '0s',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        ...(env.length > 0 && { env }),
        ...(init.audience !== undefined && { tokenAttributes: tokenAttributes(init.audience) }),
      },
    ],
  }
}

const tokenAttributes = (audience: string): TokenAttributes => ({
  serviceAccountTokenAudience: audience,
  cacheType: 'ServiceAccount',
  requireServiceAccount: true,
  requiredServiceAccountAnnotationKeys: [ROLE_ANNOTATION],
})
