import { patternProblem } from './match-image.js'
import type {
  CredentialProvider,
  CredentialProviderConfig,
  TokenAttributes,
} from './provider-config.js'

const CONFIG_VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map((x) => `kubelet.config.k8s.io/${x}`)
const PROVIDER_VERSIONS = ['v1', 'v1beta1', 'v1alpha1'].map(
  (x) => `credentialprovider.kubelet.k8s.io/${x}`,
)

/** A duration of Go's: numbers with units, a sign in front. */
const GO_DURATION = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$/

/** A qualified name of Kubernetes: an optional DNS prefix and a short name. */
const QUALIFIED_NAME =
  /^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/

/**
 * What the kubelet would refuse about a configuration; it does not start with one that it refuses.
 *
 * @returns one sentence for each problem; empty when it would accept the configuration.
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
 */
export function checkProviderConfig(config: CredentialProviderConfig): string[] {
  const problems: string[] = []
  if (!CONFIG_VERSIONS.includes(config.apiVersion)) problems.push('apiVersion is not known')
  if (config.kind !== 'CredentialProviderConfig')
    problems.push('kind is not CredentialProviderConfig')
  if (config.providers.length === 0) problems.push('there is no provider')
  const seen = new Set<string>()
  for (const [at, provider] of config.providers.entries()) {
    const place = `providers[${at}]`
    if (seen.has(provider.name)) problems.push(`${place}: name is that of an earlier provider`)
    seen.add(provider.name)
    problems.push(...checkProvider(provider).map((problem) => `${place}: ${problem}`))
  }
  return problems
}

function checkProvider(provider: CredentialProvider): string[] {
  const {
    name,
    matchImages,
    defaultCacheDuration,
    apiVersion,
    env = [],
    tokenAttributes,
  } = provider
  const problems: string[] = []
  if (name === '' || name === '.' || name === '..' || /[/ ]/.test(name)) {
    problems.push('name is not the name of a file')
  }
  if (!PROVIDER_VERSIONS.includes(apiVersion)) problems.push('apiVersion is not known')
  if (matchImages.length === 0) problems.push('matchImages is empty')
  for (const pattern of matchImages) {
    const problem = patternProblem(pattern)
    if (problem !== undefined) problems.push(`matchImages "${pattern}" ${problem}`)
  }
  if (!GO_DURATION.test(defaultCacheDuration)) {
    problems.push('defaultCacheDuration is missing or not a duration')
  } else if (defaultCacheDuration.startsWith('-')) problems.push('defaultCacheDuration is negative')
  if (env.some((entry) => entry.name === '')) problems.push('env has an entry without a name')
  if (tokenAttributes) problems.push(...checkTokenAttributes(tokenAttributes, apiVersion))
  return problems
}

function checkTokenAttributes(attributes: TokenAttributes, apiVersion: string): string[] {
  const { requiredServiceAccountAnnotationKeys: required = [] } = attributes
  const { optionalServiceAccountAnnotationKeys: optional = [] } = attributes
  const problems: string[] = []
  const add = (wrong: boolean, problem: string): void => {
    if (wrong) problems.push(`tokenAttributes: ${problem}`)
  }
  add(apiVersion !== PROVIDER_VERSIONS[0], 'need apiVersion credentialprovider.kubelet.k8s.io/v1')
  add(attributes.serviceAccountTokenAudience === '', 'serviceAccountTokenAudience is empty')
  add(
    !['Token', 'ServiceAccount'].includes(attributes.cacheType),
    'cacheType is neither Token nor ServiceAccount',
  )
  add(
    required.length > 0 && !attributes.requireServiceAccount,
    'required annotation keys need requireServiceAccount true',
  )
  for (const keys of [required, optional]) {
    add(new Set(keys).size !== keys.length, 'an annotation key is there twice')
    add(
      keys.some((key) => !QUALIFIED_NAME.test(key)),
      'an annotation key is not a qualified name',
    )
  }
  add(
    required.some((key) => optional.includes(key)),
    'an annotation key is both required and optional',
  )
  return problems
}
