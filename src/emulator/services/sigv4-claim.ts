import {
  type Arrived,
  type Pair,
  decodePairs,
  header,
  headerValues,
  valueOf,
} from '../http/exchange.js'

/** What a Signature Version 4 request says of itself, in its header or in its query. */
export interface SigV4Claim {
  readonly accessKeyId: string
  readonly date: string
  readonly region: string
  readonly service: string
  readonly amzDate: string
  readonly securityToken: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** Query as far as it is signed. */
  readonly query: readonly Pair[]
  /** Seconds that a presigned URL lives; absent for a signed header. */
  readonly expiresSeconds: number | undefined
}

const CREDENTIAL = /^(\w{16,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/

/** Splits on commas with or without spaces: both are in use. */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/

/**
 * Reads the signature of a request, whichever way it travels.
 *
 * @returns `undefined` when there is none at all, `'incomplete'` when a part is missing or malformed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
 */
export function readSigV4(arrived: Arrived): SigV4Claim | 'incomplete' | undefined {
  const query = decodePairs(arrived.rawQuery)
  if (!query) return 'incomplete'
  const presigned = valueOf(query, 'X-Amz-Algorithm') !== undefined
  const authorization = headerValues(arrived, 'authorization')
  if (!presigned && authorization.length === 0) return undefined
  return presigned ? fromQuery(query) : fromHeader(arrived, query, authorization)
}

/** The service that a request says it is signed for; used to find out whom it is meant for. */
export function claimedService(arrived: Arrived): string | undefined {
  const claim = readSigV4(arrived)
  return typeof claim === 'object' ? claim.service : undefined
}

function fromHeader(
  arrived: Arrived,
  query: readonly Pair[],
  authorization: readonly string[],
): SigV4Claim | 'incomplete' {
  const match = authorization.length === 1 ? AUTHORIZATION.exec(authorization[0] ?? '') : null
  const credential = CREDENTIAL.exec(match?.[1] ?? '')
  const amzDate = header(arrived, 'x-amz-date')
  if (!match || !credential || amzDate === undefined) return 'incomplete'
  return {
    ...scopeOf(credential),
    amzDate,
    securityToken: header(arrived, 'x-amz-security-token') ?? '',
    signedHeaders: (match[2] ?? '').split(';'),
    signature: match[3] ?? '',
    query,
    expiresSeconds: undefined,
  }
}

function fromQuery(query: readonly Pair[]): SigV4Claim | 'incomplete' {
  const credential = CREDENTIAL.exec(valueOf(query, 'X-Amz-Credential') ?? '')
  const expires = valueOf(query, 'X-Amz-Expires') ?? ''
  const [amzDate, signedHeaders, signature] = [
    valueOf(query, 'X-Amz-Date'),
    valueOf(query, 'X-Amz-SignedHeaders'),
    valueOf(query, 'X-Amz-Signature'),
  ]
  const seconds = /^\d{1,6}$/.test(expires) ? Number(expires) : 0
  const known = valueOf(query, 'X-Amz-Algorithm') === 'AWS4-HMAC-SHA256'
  if (!known || !credential || !amzDate || !signedHeaders || !signature) return 'incomplete'
  if (seconds < 1 || seconds > MAX_EXPIRES_SECONDS) return 'incomplete'
  return {
    ...scopeOf(credential),
    amzDate,
    securityToken: valueOf(query, 'X-Amz-Security-Token') ?? '',
    signedHeaders: signedHeaders.split(';'),
    signature,
    query: query.filter(([name]) => name !== 'X-Amz-Signature'),
    expiresSeconds: seconds,
  }
}

/** A presigned URL lives a week at most. */
const MAX_EXPIRES_SECONDS = 604_800

function scopeOf(
  match: RegExpExecArray,
): Pick<SigV4Claim, 'accessKeyId' | 'date' | 'region' | 'service'> {
  const [, accessKeyId = '', date = '', region = '', service = ''] = match
  return { accessKeyId, date, region, service }
}
