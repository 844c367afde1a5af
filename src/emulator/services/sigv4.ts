import { createHmac } from 'node:crypto'
import {
  canonicalQuery,
  canonicalRequest,
  encode,
  parseAmzDate,
  sha256Hex,
} from '../http/canonical.js'
import { type Arrived, decodePercent, header, headerValues } from '../http/exchange.js'
import type { Session, SessionStore } from '../session/session-store.js'
import { decodeChunks } from './aws-chunked.js'
import { type SigV4Claim, readSigV4 } from './sigv4-claim.js'

/** What can be wrong with the signature of a request; each protocol has its own words for it. */
export type AuthProblem =
  | 'missing'
  | 'incomplete'
  | 'unknownKey'
  | 'invalidToken'
  | 'wrongScope'
  | 'skewed'
  | 'requestExpired'
  | 'unsignedHeaders'
  | 'badSignature'
  | 'expiredToken'
  | 'bodyMismatch'

/** A request whose signature is good. */
export interface Authenticated {
  readonly session: Session
  readonly region: string
  /** The payload, without the framing of chunks. */
  readonly body: Buffer
}

/** What requests are verified against. */
export interface AuthDeps {
  readonly sessions: SessionStore
  /** The only region that answers, if there is one. */
  readonly region: string | undefined
}

/** A refusal, with the reason for the log. */
export interface AuthRefusal {
  readonly problem: AuthProblem
  readonly reason: string
}

const MAX_SKEW_MS = 15 * 60 * 1000

/**
 * Verifies a request with the keys of the session that it names.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function authenticate(
  arrived: Arrived,
  service: 's3' | 'sts' | 'ecr' | 'ecr-public',
  at: Date,
  deps: AuthDeps,
): Authenticated | AuthRefusal {
  const claim = readSigV4(arrived)
  if (claim === undefined) return { problem: 'missing', reason: 'the request is not signed' }
  if (claim === 'incomplete') return { problem: 'incomplete', reason: 'malformed signature' }
  const session = deps.sessions.find(claim.accessKeyId)
  if (!session) return { problem: 'unknownKey', reason: 'the access key id was not issued here' }
  if (claim.securityToken !== session.sessionToken.reveal()) {
    return { problem: 'invalidToken', reason: 'not the session token of this access key id' }
  }
  const refusal = checkScope(claim, service, deps.region) ?? checkDate(claim, at)
  if (refusal) return refusal
  const unsigned = whyUnsigned(arrived, claim)
  if (unsigned !== undefined) return { problem: 'unsignedHeaders', reason: unsigned }

  const hash = payloadHash(arrived, claim, service)
  const key = signingKey(session.secretAccessKey.reveal(), claim)
  if (hmacHex(key, stringToSign(arrived, claim, service, hash)) !== claim.signature) {
    return { problem: 'badSignature', reason: 'the signature does not fit the request' }
  }
  if (session.expiration <= at) return { problem: 'expiredToken', reason: 'the session has ended' }
  const body = verifiedBody(arrived, claim, hash, key)
  return body
    ? { session, region: claim.region, body }
    : { problem: 'bodyMismatch', reason: 'the body does not fit x-amz-content-sha256' }
}

function checkScope(
  claim: SigV4Claim,
  service: string,
  region: string | undefined,
): AuthRefusal | undefined {
  if (claim.service !== service) {
    return { problem: 'wrongScope', reason: `the scope names a service other than ${service}` }
  }
  const known = /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(claim.region)
  // The global endpoint of STS and the public gallery are signed for us-east-1 wherever the caller is.
  const global = ['sts', 'ecr-public'].includes(service) && claim.region === 'us-east-1'
  if (known && (region === undefined || region === claim.region || global)) return undefined
  return { problem: 'wrongScope', reason: 'the scope names another region' }
}

function checkDate(claim: SigV4Claim, at: Date): AuthRefusal | undefined {
  const signedAt = parseAmzDate(claim.amzDate)
  if (!signedAt || !claim.amzDate.startsWith(claim.date)) {
    return {
      problem: 'incomplete',
      reason: 'x-amz-date is malformed or not of the date in the scope',
    }
  }
  const ageMs = at.getTime() - signedAt.getTime()
  if (claim.expiresSeconds !== undefined && ageMs > claim.expiresSeconds * 1000) {
    return { problem: 'requestExpired', reason: 'the presigned URL has ended' }
  }
  const late = claim.expiresSeconds === undefined && ageMs > MAX_SKEW_MS
  return late || ageMs < -MAX_SKEW_MS
    ? { problem: 'skewed', reason: `signed ${Math.round(ageMs / 1000)} seconds before this clock` }
    : undefined
}

/** The host and every `x-amz-` header must be signed; the list is in order, none of it twice. */
function whyUnsigned(arrived: Arrived, { signedHeaders }: SigV4Claim): string | undefined {
  const present = arrived.headers.map(([name]) => name.toLowerCase())
  const amz = present.filter((name) => name.startsWith('x-amz-'))
  const missing = ['host', ...amz].find((name) => !signedHeaders.includes(name))
  if (missing !== undefined) return `header ${missing} is not signed`
  const sorted = signedHeaders.every((name, at) => at === 0 || (signedHeaders[at - 1] ?? '') < name)
  if (!sorted) return 'the signed headers are not in order'
  const absent = signedHeaders.find((name) => headerValues(arrived, name).length === 0)
  return absent === undefined ? undefined : 'a signed header is absent'
}

const UNSIGNED = 'UNSIGNED-PAYLOAD'

function payloadHash(arrived: Arrived, claim: SigV4Claim, service: string): string {
  const declared = header(arrived, 'x-amz-content-sha256')
  if (declared !== undefined) return declared
  const unsigned = claim.expiresSeconds !== undefined && service === 's3'
  return unsigned ? UNSIGNED : sha256Hex(arrived.body)
}

function stringToSign(arrived: Arrived, claim: SigV4Claim, service: string, hash: string): string {
  const canonical = canonicalRequest(arrived, {
    method: arrived.method,
    path: canonicalPath(arrived.path, service),
    query: canonicalQuery(claim.query),
    signedHeaders: claim.signedHeaders,
    payloadHash: hash,
  })
  return ['AWS4-HMAC-SHA256', claim.amzDate, scopeText(claim), sha256Hex(canonical)].join('\n')
}

/** S3 encodes each segment once; the other services encode what is encoded already. */
function canonicalPath(path: string, service: string): string {
  return path
    .split('/')
    .map((segment) => encode(service === 's3' ? (decodePercent(segment) ?? segment) : segment))
    .join('/')
}

const scopeText = ({ date, region, service }: SigV4Claim): string =>
  `${date}/${region}/${service}/aws4_request`

function signingKey(secret: string, { date, region, service }: SigV4Claim): Buffer {
  const start = Buffer.from(`AWS4${secret}`)
  return [date, region, service, 'aws4_request'].reduce(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    start,
  )
}

const hmacHex = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text, 'latin1').digest('hex')

/** The body, once it is known to be what was signed; `undefined` when it is not. */
function verifiedBody(
  arrived: Arrived,
  claim: SigV4Claim,
  hash: string,
  key: Buffer,
): Buffer | undefined {
  if (hash === UNSIGNED) return claim.service === 's3' ? arrived.body : undefined
  if (!hash.startsWith('STREAMING-'))
    return sha256Hex(arrived.body) === hash ? arrived.body : undefined
  return decodeChunks(arrived.body, {
    form: hash,
    seed: claim.signature,
    sign: (label, ...lines) =>
      hmacHex(key, [label, claim.amzDate, scopeText(claim), ...lines].join('\n')),
  })
}
