import { encode, compare } from '../http/canonical.js'
import {
  type Arrived,
  type Outcome,
  type Pair,
  decodePairs,
  header,
  valueOf,
} from '../http/exchange.js'
import { type Failure, refuse } from '../http/failure.js'
import { decide } from '../policy/policy.js'
import type { Repository } from '../state/model.js'
import type { EmulatorState } from '../state/state.js'
import { sessionContext, type Wish, whyNotPermitted } from './permission.js'
import { type Content, imageOf } from './registry-image.js'
import type { RegistryToken, RegistryTokens } from './registry-tokens.js'

/** What the registry needs besides the request. */
export interface RegistryDeps {
  readonly state: EmulatorState
  readonly tokens: RegistryTokens
}

const DEFAULT_PAGE = 100
const MAX_PAGE = 1000

const fail = (status: number, code: string, message: string): Failure => ({ status, code, message })

const CHALLENGE = (arrived: Arrived): string =>
  `Basic realm="https://${(header(arrived, 'host') ?? '').replace(/[^\w.:[\]-]/g, '')}/",` +
  'service="ecr.amazonaws.com"'

/** The routes of the registry, and the IAM action that each asks for. */
const ROUTES = [
  { operation: 'CheckRegistry', form: /^\/v2\/?$/, action: undefined },
  { operation: 'ListTags', form: /^\/v2\/(.+)\/tags\/list$/, action: 'ecr:ListImages' },
  {
    operation: 'GetManifest',
    form: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
    action: 'ecr:BatchGetImage',
  },
  {
    operation: 'GetBlob',
    form: /^\/v2\/(.+)\/blobs\/([^/]+)$/,
    action: 'ecr:GetDownloadUrlForLayer',
  },
] as const

/** Name of the registry operation that a request asks for. */
export function registryOperation({ method, path }: Arrived): string {
  const readable = method === 'GET' || method === 'HEAD'
  const route = ROUTES.find(({ form }) => form.test(path))
  return readable && route ? route.operation : 'UnknownOperation'
}

/**
 * Answers the registry API as far as pulling goes. All tags of a repository lead to one small image.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export function registry(
  arrived: Arrived,
  at: Date,
  requestId: string,
  deps: RegistryDeps,
): Outcome {
  const token = readToken(arrived, at, deps.tokens)
  if ('code' in token) return refuse('registry', token, requestId)
  const principal = token.session.assumedRoleArn
  const result = route(arrived, at, token, deps.state)
  if ('code' in result) return refuse('registry', { ...result, principal }, requestId)
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Docker-Distribution-Api-Version': 'registry/2.0',
    'x-amzn-RequestId': requestId,
    ...result.headers,
  }
  return { answer: { status: 200, headers, body: result.body }, principal }
}

/** Missing or wrong credentials are 401; expired ones 403, with a text of their own. */
function readToken(arrived: Arrived, at: Date, tokens: RegistryTokens): RegistryToken | Failure {
  const unauthorized = (message: string): Failure => ({
    ...fail(401, 'UNAUTHORIZED', message),
    headers: { 'WWW-Authenticate': CHALLENGE(arrived) },
  })
  const authorization = header(arrived, 'authorization')
  if (authorization === undefined) return unauthorized('no basic auth credentials')
  const encoded = /^basic +([\w+/=-]+)$/i.exec(authorization)?.[1]
  const decoded = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  const token = tokens.find(decoded.slice(colon + 1))
  if (!token || decoded.slice(0, colon) !== 'AWS') {
    return unauthorized('the user name is not AWS, or the password was not issued here')
  }
  // Whether AWS takes a password of another region is not documented: nobody should count on it.
  const home = /^\d{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(
    header(arrived, 'host') ?? '',
  )?.[1]
  if (home !== undefined && home !== token.region) {
    return unauthorized('the password is of another region')
  }
  return token.expiresAt <= at
    ? fail(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.')
    : token
}

interface Result {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

function route(
  arrived: Arrived,
  at: Date,
  token: RegistryToken,
  state: EmulatorState,
): Result | Failure {
  const operation = registryOperation(arrived)
  const found = ROUTES.find((entry) => entry.operation === operation)
  const query = decodePairs(arrived.rawQuery)
  if (!found || !query) return fail(404, 'NOT_FOUND', 'no such route')
  if (found.action === undefined) return { headers: {}, body: '{}' }
  const [, name = '', reference = ''] = found.form.exec(arrived.path) ?? []
  const repository = findRepository(name, arrived, token, state)
  const resource = arnOf(repository ?? { name, region: token.region }, token)
  const wish = { session: token.session, action: found.action, resource, at }
  const denial = whyNotPermitted(state, wish) ?? whyNotShared(repository, wish)
  if (denial !== undefined) return fail(403, 'DENIED', denial)
  if (!repository) {
    const message = `The repository with name '${name}' does not exist in the registry`
    return fail(404, 'NAME_UNKNOWN', message)
  }
  if (operation === 'ListTags') return listTags(repository, query)
  return operation === 'GetManifest'
    ? getManifest(repository, reference)
    : getBlob(repository, reference)
}

/**
 * Another account's repository needs a policy that lets the caller in, besides the role's own. In
 * the caller's account the role's suffices, but a denial in the policy counts.
 */
function whyNotShared(repository: Repository | undefined, wish: Wish): string | undefined {
  if (!repository) return undefined
  const { session, action, resource, at } = wish
  const { account, partition, roleArn, assumedRoleArn } = session
  const principals = [account, `arn:${partition}:iam::${account}:root`, roleArn, assumedRoleArn]
  const context = sessionContext(session, at)
  const policies = repository.policy ? [repository.policy] : []
  const decision = decide(policies, { action, resource, principals, context })
  const own = repository.account === account
  if (decision === 'allow' || (own && decision === 'none')) return undefined
  const why =
    decision === 'deny'
      ? 'with an explicit deny in a resource-based policy'
      : `because no resource-based policy allows the ${action} action`
  return `User: ${assumedRoleArn} is not authorized to perform: ${action} on resource: ${resource} ${why}`
}

/** The host names the registry, as in AWS; without such a host it is the caller's own. */
function findRepository(
  name: string,
  arrived: Arrived,
  { session, region }: RegistryToken,
  state: EmulatorState,
): Repository | undefined {
  const host = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(header(arrived, 'host') ?? '')
  const account = host?.[1] ?? session.account
  const home = host?.[2] ?? region
  return state.repositories.find(
    (entry) => entry.name === name && entry.account === account && entry.region === home,
  )
}

const arnOf = (
  repository: Pick<Repository, 'name' | 'region'> & Partial<Pick<Repository, 'account'>>,
  { session }: RegistryToken,
): string =>
  `arn:${session.partition}:ecr:${repository.region}:${repository.account ?? session.account}:` +
  `repository/${repository.name}`

function listTags({ name, tags }: Repository, query: readonly Pair[]): Result | Failure {
  const text = valueOf(query, 'n')
  const limit = text === undefined ? DEFAULT_PAGE : /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > MAX_PAGE) {
    return fail(405, 'UNSUPPORTED', `Invalid parameter 'n': it must be from 1 to ${MAX_PAGE}`)
  }
  const after = valueOf(query, 'last') ?? ''
  const rest = [...tags].sort(compare).filter((tag) => tag > after)
  const shown = rest.slice(0, limit)
  const more = rest.length > shown.length
  const next = `/v2/${name}/tags/list?last=${encode(shown.at(-1) ?? '')}&n=${limit}`
  return {
    headers: more ? { Link: `<${next}>; rel="next"` } : {},
    body: JSON.stringify({ name, tags: shown }),
  }
}

function getManifest(repository: Repository, reference: string): Result | Failure {
  const { manifest } = imageOf(repository)
  const { tags } = repository
  const known = tags.includes(reference) || (tags.length > 0 && reference === manifest.digest)
  return known ? sent(manifest) : fail(404, 'MANIFEST_UNKNOWN', 'Requested image not found')
}

/** Amazon ECR sends the client on to S3 for it. */
function getBlob(repository: Repository, digest: string): Result | Failure {
  const blobs = repository.tags.length > 0 ? imageOf(repository).blobs : []
  const blob = blobs.find((entry) => entry.digest === digest)
  return blob ? sent(blob) : fail(404, 'BLOB_UNKNOWN', 'Requested layer not found')
}

const sent = ({ mediaType, digest, bytes }: Content): Result => ({
  headers: { 'Content-Type': mediaType, 'Docker-Content-Digest': digest },
  body: bytes,
})
