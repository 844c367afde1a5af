import { Buffer } from 'node:buffer'
import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import { type Endpoint, isLoopback } from '../protocol/endpoints.js'
import type { HttpRequest, HttpResponse } from '../protocol/http-message.js'
import { deadline } from '../session/deadline.js'
import type { Send } from '../session/http-client.js'
import type { AuthorizationToken } from './authorization-token.js'
import { registryFailure } from './registry-failure.js'

/** A repository in a registry. */
export interface RepositoryName {
  /** Host as it is to be asked, with its port if it has one. */
  readonly host: string
  /** With its slashes, without tag and digest. */
  readonly repository: string
}

/** Where passwords come from. */
export interface RegistryPasswords {
  token(): Promise<AuthorizationToken>
  /** Another one than the one that was refused. */
  renewed(refused: AuthorizationToken): Promise<AuthorizationToken>
}

/** Effects of {@link listTags}. */
export interface RegistryClientDeps {
  readonly send: Send
  readonly clock: Clock
  readonly passwords: RegistryPasswords
  readonly signal?: AbortSignal
}

/** The largest page that ECR gives. */
const PAGE = 1000

/** ECR holds 100,000 images in a repository at the most unless the quota is raised. */
const MAX_PAGES = 2000

const PAGE_TIMEOUT_MS = 30_000

/** One page of 1000 tags of 128 characters, with room to spare. */
export const MAX_PAGE_BYTES = 1024 * 1024

/**
 * The tags of a repository, all pages of them, in the order of the registry. A password that the
 * registry calls expired is renewed once; a 403 that names a missing permission is not.
 *
 * @throws RolesAnywhereError `ERR_RA_ECR_REGISTRY_DENIED` with the missing action,
 *   `ERR_RA_ECR_REPOSITORY_NOT_FOUND`, `ERR_RA_THROTTLED`, `ERR_RA_SERVICE_FAILED`,
 *   `ERR_RA_SESSION_TIMEOUT`, or `ERR_RA_RESPONSE_INVALID` for an answer that is none of a registry.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 */
export async function listTags(
  { host, repository }: RepositoryName,
  deps: RegistryClientDeps,
): Promise<string[]> {
  const endpoint = endpointOf(host)
  const path = `/v2/${repository}/tags/list`
  const tags: string[] = []
  const seen = new Set<string>()
  let query: Readonly<Record<string, string>> = { n: String(PAGE) }
  let token = await deps.passwords.token()
  let renewed = false
  for (let page = 1; page <= MAX_PAGES; page++) {
    let response = await get(endpoint, path, query, token, deps)
    if (response.status !== 200) {
      const failure = registryFailure(response, repository)
      if (!failure.expired || renewed) throw failure.error
      renewed = true
      token = await deps.passwords.renewed(token)
      response = await get(endpoint, path, query, token, deps)
      if (response.status !== 200) throw registryFailure(response, repository).error
    }
    tags.push(...tagsOf(response))
    const next = nextQuery(response, endpoint, path)
    if (!next) return tags
    const mark = JSON.stringify(next)
    if (seen.has(mark)) throw malformed('repeats a page')
    seen.add(mark)
    query = next
  }
  throw malformed(`has more than ${MAX_PAGES} pages`)
}

/**
 * Whether a registry takes a password.
 *
 * @param host As it is to be asked, with its port if it has one.
 * @throws RolesAnywhereError as {@link listTags}.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support
 */
export async function tryLogin(
  host: string,
  token: AuthorizationToken,
  deps: Pick<RegistryClientDeps, 'send' | 'clock' | 'signal'>,
): Promise<void> {
  const response = await get(endpointOf(host), '/v2/', {}, token, deps)
  if (response.status !== 200) throw registryFailure(response).error
}

/** As docker has it: plain HTTP for registries of this machine, which only an alias can name. */
function endpointOf(host: string): Endpoint {
  const [hostname = '', port] = host.toLowerCase().split(':')
  const protocol = isLoopback(hostname) ? 'http:' : 'https:'
  return { protocol, hostname, ...(port !== undefined && { port: Number(port) }) }
}

async function get(
  endpoint: Endpoint,
  path: string,
  query: HttpRequest['query'],
  { username, password }: AuthorizationToken,
  { send, clock, signal }: Pick<RegistryClientDeps, 'send' | 'clock' | 'signal'>,
): Promise<HttpResponse> {
  const basic = Buffer.from(`${username}:${password.reveal()}`).toString('base64')
  const limit = deadline(PAGE_TIMEOUT_MS, clock, signal)
  try {
    return await send(
      {
        ...endpoint,
        method: 'GET',
        path,
        query,
        headers: { accept: 'application/json', authorization: `Basic ${basic}` },
        body: '',
      },
      limit.signal,
    )
  } catch (error) {
    signal?.throwIfAborted()
    if (!limit.passed()) throw error
    throw new RolesAnywhereError(
      'ERR_RA_SESSION_TIMEOUT',
      `${endpoint.hostname} did not answer in time`,
      { hint: 'check routes, firewalls and proxies to the registry', cause: error },
    )
  } finally {
    limit.clear()
  }
}

function tagsOf({ body }: HttpResponse): string[] {
  let document: unknown
  try {
    document = JSON.parse(body)
  } catch (cause) {
    throw malformed('is not JSON', cause)
  }
  const { tags } = (document ?? {}) as { tags?: unknown }
  // A repository without tags has `null` here.
  if (tags === null) return []
  const valid = (tag: unknown): tag is string =>
    typeof tag === 'string' && /^\w[\w.-]{0,127}$/.test(tag)
  if (Array.isArray(tags) && tags.every(valid)) return tags
  throw malformed('has no list of tags')
}

/**
 * The query of the next page. Its link may be relative; it may not lead elsewhere, since the password
 * would go there, too.
 */
function nextQuery(
  { headers }: HttpResponse,
  endpoint: Endpoint,
  path: string,
): Record<string, string> | undefined {
  const link = headers['link']
  if (link === undefined) return undefined
  const target = /<([^<>]{1,4096})>\s*;\s*rel="?next"?/i.exec(link)?.[1]
  if (target === undefined) return undefined
  const { protocol, hostname, port } = endpoint
  const base = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`)
  const url = URL.canParse(target, base.href) ? new URL(target, base.href) : undefined
  if (!url || url.origin !== base.origin || url.pathname !== base.pathname) {
    throw malformed('links to a next page that is not of this repository')
  }
  return Object.fromEntries(url.searchParams)
}

function malformed(problem: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_RESPONSE_INVALID', `the registry's answer ${problem}`, {
    hint: 'check that the host is the registry itself and that no proxy answers in its place',
    ...(cause !== undefined && { cause }),
  })
}
