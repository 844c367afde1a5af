import {
  ECR_PUBLIC_TARGET,
  ECR_TARGET,
  getAuthorizationToken,
  getPublicAuthorizationToken,
} from '../services/ecr.js'
import { registry, registryOperation } from '../services/registry.js'
import type { RegistryTokens } from '../services/registry-tokens.js'
import { s3, s3Operation } from '../services/s3.js'
import { claimedService } from '../services/sigv4-claim.js'
import { getCallerIdentity, queryAction } from '../services/sts.js'
import { createSession } from '../session/create-session.js'
import { type CheckName, REFUSALS } from '../session/refusals.js'
import type { SessionStore } from '../session/session-store.js'
import type { EmulatorState } from '../state/state.js'
import { type Arrived, type Outcome, header } from './exchange.js'
import { type Failure, type Protocol, refuse } from './failure.js'

/** Where a request goes. */
export interface Route {
  readonly protocol: Protocol
  readonly operation: string
  readonly handle: (arrived: Arrived, at: Date, requestId: string) => Outcome
}

/** Everything that handlers share. */
export interface RouteDeps {
  readonly state: EmulatorState
  readonly sessions: SessionStore
  readonly tokens: RegistryTokens
  readonly order: readonly CheckName[]
  readonly lenient: boolean
}

/**
 * Finds out which service a request is meant for. All share one listener, so the target header, the
 * path and the service in the signature decide, in this order.
 */
export function routeOf(arrived: Arrived, deps: RouteDeps): Route {
  const auth = { ...deps, region: deps.state.region }
  const target = header(arrived, 'x-amz-target')
  if (target?.startsWith(ECR_TARGET)) return ecrRoute(target.slice(ECR_TARGET.length), auth)
  if (target?.startsWith(ECR_PUBLIC_TARGET)) {
    return ecrRoute(target.slice(ECR_PUBLIC_TARGET.length), auth, 'public')
  }
  const sigV4 = isSigV4(arrived)
  const service = sigV4 ? claimedService(arrived) : undefined
  if (arrived.path === '/sessions' && !sigV4) return sessionRoute(arrived, deps)
  const action = arrived.path === '/' && service !== 's3' ? queryAction(arrived) : undefined
  if (action !== undefined || service === 'sts') return stsRoute(action ?? '', auth)
  if (service === 'ecr' || service === 'ecr-public') return ecrRoute('', auth)
  if (sigV4) {
    const operation = s3Operation(arrived)
    return { protocol: 'rest-xml', operation, handle: (...call) => s3(...call, auth) }
  }
  if (/^\/v2(\/|$)/.test(arrived.path)) {
    const operation = registryOperation(arrived)
    return { protocol: 'registry', operation, handle: (...call) => registry(...call, deps) }
  }
  return refusing('rest-json', 'UnknownOperation', REFUSALS.notFound)
}

function sessionRoute(arrived: Arrived, deps: RouteDeps): Route {
  if (arrived.method !== 'POST') {
    return refusing('rest-json', 'UnknownOperation', REFUSALS.notFound)
  }
  return {
    protocol: 'rest-json',
    operation: 'CreateSession',
    handle: (...call) => createSession(...call, deps),
  }
}

type AuthRouteDeps = RouteDeps & { readonly region: string | undefined }

function stsRoute(action: string, deps: AuthRouteDeps): Route {
  if (action !== 'GetCallerIdentity') {
    const message = 'Could not find operation for this version'
    return refusing('query', 'UnknownOperation', { status: 400, code: 'InvalidAction', message })
  }
  return {
    protocol: 'query',
    operation: action,
    handle: (...call) => getCallerIdentity(...call, deps),
  }
}

function ecrRoute(
  operation: string,
  deps: AuthRouteDeps,
  registry: 'private' | 'public' = 'private',
): Route {
  if (operation !== 'GetAuthorizationToken') {
    const message = 'the emulator does not have this operation'
    const code = 'UnknownOperationException'
    return refusing('json-1.1', 'UnknownOperation', { status: 400, code, message })
  }
  const answer = registry === 'public' ? getPublicAuthorizationToken : getAuthorizationToken
  return { protocol: 'json-1.1', operation, handle: (...call) => answer(...call, deps) }
}

/** A route that always says no. */
export function refusing(protocol: Protocol, operation: string, failure: Failure): Route {
  return {
    protocol,
    operation,
    handle: (_arrived, _at, requestId) => refuse(protocol, failure, requestId),
  }
}

/** Signed with session keys, in the header or in the query, however badly. */
const isSigV4 = (arrived: Arrived): boolean =>
  (header(arrived, 'authorization') ?? '').startsWith('AWS4-HMAC-') ||
  /(^|&)X-Amz-Algorithm=/.test(arrived.rawQuery)
