import { isoSeconds } from '../http/canonical.js'
import { type Arrived, type Outcome, header } from '../http/exchange.js'
import { type Failure, refuse } from '../http/failure.js'
import { whyNotAssumable } from '../policy/assume-role.js'
import type { Profile, Role, TrustAnchor } from '../state/model.js'
import type { EmulatorState } from '../state/state.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { decodeBase64, findPath, parseChain } from '../x509/certificate-path.js'
import { whyUnfitEndEntity } from '../x509/end-entity.js'
import { isRevoked } from '../x509/revocation-list.js'
import { type X509Authorization, parseX509Authorization } from './authorization.js'
import { type Parameters, readParameters } from './parameters.js'
import { type CheckName, REFUSALS, because } from './refusals.js'
import {
  type SessionDescription,
  assumeRoleContext,
  describeSession,
} from './session-description.js'
import type { Session, SessionStore } from './session-store.js'
import { MAX_TAGS } from './session-tags.js'
import { whyBadSignature } from './x509-signature.js'

/** What CreateSession needs besides the request. */
export interface CreateSessionDeps {
  readonly state: EmulatorState
  readonly sessions: SessionStore
  readonly order: readonly CheckName[]
  readonly lenient: boolean
}

/** A request with everything that could be read from it; the checks decide what it is worth. */
interface Claim {
  readonly arrived: Arrived
  readonly at: Date
  readonly parameters: Parameters | Failure
  readonly authorization: X509Authorization | undefined
  readonly certificate: Certificate | undefined
  readonly chain: readonly Certificate[] | undefined
  readonly anchor: TrustAnchor | undefined
  readonly profile: Profile | undefined
  readonly role: Role | undefined
  readonly description: SessionDescription | undefined
}

/**
 * Answers CreateSession: all checks in order, then a session.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
 */
export function createSession(
  arrived: Arrived,
  at: Date,
  requestId: string,
  deps: CreateSessionDeps,
): Outcome {
  const claim = readClaim(arrived, at, deps.state)
  for (const name of deps.order) {
    const failure = RUN[name](claim, deps)
    if (failure) return refuse('rest-json', failure, requestId)
  }
  const { description } = claim
  // Unreachable while every check is in the order; refusing is the safe answer if it is not.
  if (!description) return refuse('rest-json', REFUSALS.invalidSignature, requestId)
  const session = deps.sessions.issue(description)
  return { answer: created(session, requestId), principal: session.assumedRoleArn }
}

function readClaim(arrived: Arrived, at: Date, state: EmulatorState): Claim {
  const parameters = readParameters(arrived)
  const authorization = parseX509Authorization(arrived)
  const certificate = attempt(() =>
    parseCertificate(decodeBase64(header(arrived, 'x-amz-x509') ?? '')),
  )
  const chainText = header(arrived, 'x-amz-x509-chain')
  const chain = chainText === undefined ? [] : attempt(() => parseChain(chainText))
  const base = { arrived, at, parameters, authorization, certificate, chain }
  if ('code' in parameters) {
    return {
      ...base,
      anchor: undefined,
      profile: undefined,
      role: undefined,
      description: undefined,
    }
  }
  const region = state.region ?? authorization?.region
  const anchor = inRegion(state.trustAnchor(parameters.trustAnchorArn.text), region)
  const profile = inRegion(state.profile(parameters.profileArn.text), region)
  const role = state.role(parameters.roleArn.text)
  const description =
    certificate && anchor && profile
      ? describeSession({ certificate, anchor, profile, parameters, at })
      : undefined
  return { ...base, anchor, profile, role, description }
}

/** Disabled and foreign ones are not told apart from unknown ones. */
function inRegion<T extends TrustAnchor | Profile>(
  found: T | undefined,
  region: string | undefined,
): T | undefined {
  const visible = found?.enabled && (region === undefined || found.arn.region === region)
  return visible ? found : undefined
}

type Check = (claim: Claim, deps: CreateSessionDeps) => Failure | undefined

/** Exhaustive by type: each row of the table of refusals has its check here. */
const RUN: Record<CheckName, Check> = {
  parameters: ({ parameters }) => ('code' in parameters ? parameters : undefined),

  trustAnchor: ({ anchor }) => (anchor ? undefined : REFUSALS.unknownAnchor),

  path: (claim) => {
    const { certificate, chain, anchor, at } = claim
    if (!certificate) return unreadableCertificate
    if (!chain) return because(REFUSALS.noPath, 'header x-amz-x509-chain cannot be read')
    const result = findPath(certificate, chain, anchor?.certificates ?? [], at)
    return 'reason' in result ? because(REFUSALS.noPath, result.reason) : undefined
  },

  certificate: ({ certificate, at }) => {
    if (!certificate) return unreadableCertificate
    const reason = whyUnfitEndEntity(certificate, at)
    return reason === undefined ? undefined : because(REFUSALS.unfitCertificate, reason)
  },

  signature: ({ arrived, authorization, certificate, at }, { state, lenient }) => {
    if (!certificate) return unreadableCertificate
    if (!authorization) {
      return because(REFUSALS.invalidSignature, 'header authorization is missing or malformed')
    }
    if (state.region !== undefined && authorization.region !== state.region) {
      return because(REFUSALS.invalidSignature, 'the scope names another region')
    }
    const reason = whyBadSignature({ arrived, authorization, certificate, at, lenient })
    return reason === undefined ? undefined : because(REFUSALS.invalidSignature, reason)
  },

  revocation: ({ certificate, chain, anchor, at }) => {
    if (!certificate || !anchor) return REFUSALS.revoked
    const result = findPath(certificate, chain ?? [], anchor.certificates, at)
    const path = 'path' in result ? result.path : []
    const revoked = [certificate, ...path].some((entry) => isRevoked(entry, anchor.revocationLists))
    return revoked ? REFUSALS.revoked : undefined
  },

  profile: ({ profile }) => (profile ? undefined : REFUSALS.unknownProfile),

  role: ({ profile, parameters }) => {
    const listed = !('code' in parameters) && profile?.roleArns.includes(parameters.roleArn.text)
    return listed ? undefined : REFUSALS.roleNotInProfile
  },

  roleSessionName: ({ profile, parameters }) => {
    const asked = 'code' in parameters || parameters.roleSessionName !== undefined
    return asked && !profile?.acceptRoleSessionName ? REFUSALS.sessionNameNotAccepted : undefined
  },

  assumeRole: (claim) => {
    const reason = whyNotAssumed(claim)
    const { parameters } = claim
    if (reason === undefined || 'code' in parameters) return undefined
    return because(REFUSALS.cannotAssume(parameters.roleArn.text), reason)
  },

  duration: ({ role, description, parameters }) => {
    const tooLong = (description?.durationSeconds ?? 0) > (role?.maxSessionDuration ?? 0)
    return tooLong && !('code' in parameters)
      ? REFUSALS.durationTooLong(parameters.roleArn.text)
      : undefined
  },

  tags: ({ description }) =>
    (description?.tags.size ?? 0) > MAX_TAGS ? REFUSALS.tooManyTags : undefined,
}

const unreadableCertificate = because(
  REFUSALS.unfitCertificate,
  'header x-amz-x509 is missing or holds no certificate',
)

function whyNotAssumed({ role, anchor, description }: Claim): string | undefined {
  if (!role || !anchor || !description) return 'there is no such role'
  if (role.trustPolicy) return whyNotAssumable(role.trustPolicy, assumeRoleContext(description))
  return role.arn.account === anchor.arn.account
    ? undefined
    : 'a role of another account needs a trust policy'
}

function created(session: Session, requestId: string): Outcome['answer'] {
  const { assumedRoleArn, assumedRoleId, roleArn, sourceIdentity, subjectArn, tags } = session
  const packed = [...tags].reduce((size, [key, value]) => size + key.length + value.length, 0)
  return {
    status: 201,
    headers: { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId },
    body: JSON.stringify({
      credentialSet: [
        {
          assumedRoleUser: { arn: assumedRoleArn, assumedRoleId },
          credentials: {
            accessKeyId: session.accessKeyId,
            expiration: isoSeconds(session.expiration),
            secretAccessKey: session.secretAccessKey.reveal(),
            sessionToken: session.sessionToken.reveal(),
          },
          packedPolicySize: Math.min(100, Math.ceil(packed / 50)),
          roleArn,
          sourceIdentity,
        },
      ],
      subjectArn,
    }),
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // Whatever the bytes are, they are not what the header promises; a check says so.
    return undefined
  }
}
