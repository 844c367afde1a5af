import type { Arrived, Outcome } from '../http/exchange.js'
import { type Failure, refuse } from '../http/failure.js'
import type { EmulatorState } from '../state/state.js'
import { authFailure } from './auth-failures.js'
import { whyNotPermitted } from './permission.js'
import type { RegistryTokens } from './registry-tokens.js'
import { type AuthDeps, authenticate } from './sigv4.js'

/** What `X-Amz-Target` starts with for ECR. */
export const ECR_TARGET = 'AmazonEC2ContainerRegistry_V20150921.'

/** What it starts with for the public gallery. */
export const ECR_PUBLIC_TARGET = 'SpencerFrontendService.'

/** What ECR needs besides the request. */
export interface EcrDeps extends AuthDeps {
  readonly state: EmulatorState
  readonly tokens: RegistryTokens
}

const INVALID: Failure = {
  status: 400,
  code: 'InvalidParameterException',
  message: "Invalid parameter at 'registryIds': 1 to 10 accounts of 12 digits",
}

/** Suffix of registry hosts by partition. */
const DNS_SUFFIX: Readonly<Record<string, string>> = {
  aws: 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-us-gov': 'amazonaws.com',
  'aws-eusc': 'amazonaws.eu',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
}

/**
 * Answers GetAuthorizationToken.
 *
 * @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */
export function getAuthorizationToken(
  arrived: Arrived,
  at: Date,
  requestId: string,
  deps: EcrDeps,
): Outcome {
  const authenticated = authenticate(arrived, 'ecr', at, deps)
  if ('problem' in authenticated) {
    return refuse('json-1.1', authFailure('ecr', authenticated), requestId)
  }
  const { session, region } = authenticated
  const principal = session.assumedRoleArn
  const denial = whyNotPermitted(deps.state, {
    session,
    action: 'ecr:GetAuthorizationToken',
    resource: '*',
    at,
  })
  if (denial !== undefined) {
    const failure = { status: 400, code: 'AccessDeniedException', message: denial, principal }
    return refuse('json-1.1', failure, requestId)
  }
  const registries = readRegistryIds(authenticated.body, session.account)
  if (!registries) return refuse('json-1.1', { ...INVALID, principal }, requestId)
  const token = deps.tokens.issue(session, region, at)
  const suffix = DNS_SUFFIX[session.partition] ?? 'amazonaws.com'
  const authorizationToken = Buffer.from(`AWS:${token.password.reveal()}`).toString('base64')
  return {
    answer: {
      status: 200,
      headers: { 'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': requestId },
      body: JSON.stringify({
        authorizationData: registries.map((account) => ({
          authorizationToken,
          expiresAt: token.expiresAt.getTime() / 1000,
          proxyEndpoint: `https://${account}.dkr.ecr.${region}.${suffix}`,
        })),
      }),
    },
    principal,
  }
}

/** What a role needs to log in to the public gallery. */
const PUBLIC_ACTIONS = ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken']

/**
 * Answers GetAuthorizationToken of the public gallery: one object, and no endpoint.
 *
 * @see https://docs.aws.amazon.com/AmazonECRPublic/latest/APIReference/API_GetAuthorizationToken.html
 */
export function getPublicAuthorizationToken(
  arrived: Arrived,
  at: Date,
  requestId: string,
  deps: EcrDeps,
): Outcome {
  const authenticated = authenticate(arrived, 'ecr-public', at, deps)
  if ('problem' in authenticated) {
    return refuse('json-1.1', authFailure('ecr', authenticated), requestId)
  }
  const { session, region } = authenticated
  const principal = session.assumedRoleArn
  for (const action of PUBLIC_ACTIONS) {
    const message = whyNotPermitted(deps.state, { session, action, resource: '*', at })
    if (message === undefined) continue
    const failure = { status: 400, code: 'AccessDeniedException', message, principal }
    return refuse('json-1.1', failure, requestId)
  }
  const token = deps.tokens.issue(session, region, at)
  const authorizationToken = Buffer.from(`AWS:${token.password.reveal()}`).toString('base64')
  const expiresAt = token.expiresAt.getTime() / 1000
  return {
    answer: {
      status: 200,
      headers: { 'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': requestId },
      body: JSON.stringify({ authorizationData: { authorizationToken, expiresAt } }),
    },
    principal,
  }
}

/** Deprecated in ECR, and still sent by old clients. */
function readRegistryIds(body: Buffer, account: string): string[] | undefined {
  let ids: unknown
  try {
    const parsed = JSON.parse(body.toString('utf8') || '{}') as { registryIds?: unknown } | null
    ids = parsed?.registryIds ?? [account]
  } catch {
    // Not JSON: the caller refuses the request.
    return undefined
  }
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > 10) return undefined
  const texts = ids.filter((id): id is string => typeof id === 'string' && /^\d{12}$/.test(id))
  return texts.length === ids.length ? texts : undefined
}
