import type { IncomingMessage } from 'node:http'
import {
  type Clock,
  imdsDocument,
  imdsInfoDocument,
  type ObtainedSession,
} from '../../src/index.js'
import type { SessionHolder } from './container-route.js'
import { type Answer, textAnswer } from './http-answer.js'
import { createMetadataTokens, MAX_TTL_SECONDS } from './imds-tokens.js'

/**
 * Least life of a session that is served here. Real instances hand out sessions of six hours, so some
 * clients take one that is about to end for a service in trouble, and go on with it past its end.
 */
const MIN_LIFE_MS = 25 * 60_000

/** How long before {@link MIN_LIFE_MS} a refresh is due, for it may fail at first. */
const REFRESH_MARGIN_MS = 5 * 60_000

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds'
const TOKEN_HEADER = 'x-aws-ec2-metadata-token'

const TOKEN_PATH = '/latest/api/token'
const ROLES_PATH = '/latest/meta-data/iam/security-credentials'

/** What the metadata routes tell. */
export interface ImdsInit {
  /** The default role's session; other roles are not served here, since no token guards this way in. */
  readonly holder: SessionHolder
  /** Asked on every request, since settings may change. */
  readonly target: () => ImdsTarget
  readonly clock: Clock
}

/** What the routes tell besides the credentials. */
export interface ImdsTarget {
  /** Role of the session that is served, or that will be. */
  readonly roleArn: string
  readonly region: string
}

/** The routes of the instance metadata service, version 2. */
export interface Imds {
  /** Whether a request target belongs to the metadata service. */
  owns(target: string): boolean
  /** Answers a request that the guard let through. Never waits. */
  answer(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): Answer
}

/**
 * A look-alike of the instance metadata service for clients that know no other way: metadata tokens,
 * the default role's credentials, the region and the account. Version 1, without tokens, is not
 * answered. A session with less than 25 minutes left is not handed out.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
export function createImds({ holder, target, clock }: ImdsInit): Imds {
  // A bad one is a mistake of the caller, and shows here rather than in an answer.
  nameOf(target().roleArn)
  const tokens = createMetadataTokens(clock)
  const documents = new WeakMap<ObtainedSession, Answer>()

  function credentials(): Answer {
    const session = holder.current()
    if (!session || lifeLeftMs(session, clock.now()) < MIN_LIFE_MS) return NO_SESSION
    const known = documents.get(session)
    if (known) return known
    const answer = documentAnswer(imdsDocument(session.credentials, clock.now()))
    documents.set(session, answer)
    return answer
  }

  /** What a path answers, for the role and region of this moment. */
  function page(path: string): Answer {
    const { roleArn, region } = target()
    const { partition, accountId, roleName } = nameOf(roleArn)
    const availabilityZone = `${region}a`
    switch (path) {
      case ROLES_PATH:
        return textAnswer(200, roleName)
      case `${ROLES_PATH}/${roleName}`:
      // Names may hold characters that some clients encode.
      case `${ROLES_PATH}/${encodeURIComponent(roleName)}`:
        return credentials()
      case '/latest/meta-data/iam/info': {
        const profile = `arn:${partition}:iam::${accountId}:instance-profile/${roleName}`
        return documentAnswer(imdsInfoDocument(profile, clock.now()))
      }
      case '/latest/meta-data/placement/region':
        return textAnswer(200, region)
      case '/latest/meta-data/placement/availability-zone':
        return textAnswer(200, availabilityZone)
      case '/latest/dynamic/instance-identity/document':
        return documentAnswer({ version: '2017-09-30', accountId, region, availabilityZone })
      default:
        return NOT_FOUND
    }
  }

  function issueToken(header: string | string[] | undefined): Answer {
    const ttl = typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) : 0
    if (ttl < 1 || ttl > MAX_TTL_SECONDS) return BAD_TTL
    return textAnswer(200, tokens.issue(ttl), { [TTL_HEADER]: String(ttl) })
  }

  return {
    owns: (target) => /^\/+latest\//.test(target),
    answer({ method, url = '', headers }) {
      const path = normalPath(url)
      if (path === TOKEN_PATH) {
        return method === 'PUT' ? issueToken(headers[TTL_HEADER]) : ONLY_PUT
      }
      if (method !== 'GET' && method !== 'HEAD') return ONLY_READING
      const token = headers[TOKEN_HEADER]
      const secondsLeft = typeof token === 'string' ? tokens.secondsLeft(token) : undefined
      if (secondsLeft === undefined) return NO_TOKEN
      const found = page(path)
      return { ...found, headers: { ...found.headers, [TTL_HEADER]: secondsLeft } }
    },
  }
}

/**
 * How often sessions must be renewed so that one is always served here.
 *
 * @param lifeSeconds Life of a session.
 * @returns `undefined` when sessions are too short for that.
 */
export function imdsRefreshIntervalMs(lifeSeconds: number): number | undefined {
  const intervalMs = lifeSeconds * 1000 - MIN_LIFE_MS - REFRESH_MARGIN_MS
  return intervalMs >= MIN_INTERVAL_MS ? intervalMs : undefined
}

/** CreateSession is limited to ten calls a second for a whole account. */
const MIN_INTERVAL_MS = 5 * 60_000

const NO_SESSION = textAnswer(503, 'no session with enough life at the moment')
const NO_TOKEN = textAnswer(401, 'metadata token missing or not valid')
const NOT_FOUND = textAnswer(404, 'not found')
const BAD_TTL = textAnswer(400, `header ${TTL_HEADER} is not 1 to ${MAX_TTL_SECONDS}`)
const ONLY_PUT = textAnswer(405, 'only PUT is answered', { allow: 'PUT' })
const ONLY_READING = textAnswer(405, 'only GET and HEAD are answered', { allow: 'GET, HEAD' })

/** By this machine's clock, which clients go by, or the service's when that is ahead. */
function lifeLeftMs({ credentials, clockOffsetMs }: ObtainedSession, at: Date): number {
  return credentials.expiration.getTime() - at.getTime() - Math.max(0, clockOffsetMs)
}

/** Endpoints are configured with and without a final slash, and clients add one before or after. */
function normalPath(target: string): string {
  const [path = ''] = target.split('?', 1)
  return path.replace(/\/{2,}/g, '/').replace(/\/$/, '')
}

function nameOf(roleArn: string): { partition: string; accountId: string; roleName: string } {
  const [, partition = '', , , accountId = '', role = ''] = roleArn.split(':')
  const roleName = role.slice(role.lastIndexOf('/') + 1)
  if (roleName === '') throw new TypeError('roleArn is not the ARN of a role')
  return { partition, accountId, roleName }
}

/** The service labels its JSON documents as plain text, too. */
function documentAnswer(document: object): Answer {
  return textAnswer(200, JSON.stringify(document))
}
