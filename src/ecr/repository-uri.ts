import type { RepositoryName } from './registry-client.js'
import { parseRegistryHost, type Registry, type RegistryAliases } from './registry-host.js'

/** A repository of ECR, as it was named. */
export interface RepositoryUri extends RepositoryName {
  readonly registry: Registry
}

/** Names of repositories by ECR's own rule. */
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*$/
const MAX_REPOSITORY_LENGTH = 256

/**
 * Reads `HOST/REPOSITORY`, with or without a scheme, a tag and a digest.
 *
 * @returns `undefined` when the host is not one of ECR or the rest is not a repository's name.
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
 */
export function parseRepositoryUri(
  text: string,
  aliases?: RegistryAliases,
): RepositoryUri | undefined {
  const found = parseRegistryHost(text, aliases)
  if (!found) return undefined
  const path = text.replace(/^https?:\/\//i, '').slice(found.host.length + 1)
  const repository = path.replace(/@sha256:[0-9a-f]{64}$/, '').replace(/:[\w][\w.-]{0,127}$/, '')
  if (repository.length > MAX_REPOSITORY_LENGTH || !REPOSITORY.test(repository)) return undefined
  return { host: found.host, registry: found.registry, repository }
}
