import { type KeyObject, createHash, createHmac, sign } from 'node:crypto'
import type { TestIdentity } from './emulator-pki.js'
import type { RawRequest } from './raw-http.js'

// A signer of its own, from node:crypto alone: the emulator must not be tested with the code that
// it is there to test.

export const ACCOUNT = '123456789012'
export const REGION = 'eu-central-1'
export const ANCHOR_ARN = `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:trust-anchor/a1`
export const PROFILE_ARN = `arn:aws:rolesanywhere:${REGION}:${ACCOUNT}:profile/p1`
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/service/lister`

/** How one CreateSession request differs from a good one. */
export interface SessionRequestInit {
  readonly at?: Date
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The body as bytes say it, whatever `body` is. */
  readonly rawBody?: string
  readonly region?: string
  readonly service?: string
  readonly algorithm?: string
  readonly serial?: string
  readonly scopeDate?: string
  readonly chain?: readonly Buffer[]
  /** Replaces header values before signing; `null` leaves a header out. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly unsigned?: readonly string[]
  readonly privateKey?: KeyObject
}

/** The instant that tests pin emulators to. */
export const NOW = new Date('2026-06-01T12:00:00Z')

const ARNS = { profileArn: PROFILE_ARN, roleArn: ROLE_ARN, trustAnchorArn: ANCHOR_ARN }

/** A signed CreateSession request. */
export function sessionRequest(identity: TestIdentity, init: SessionRequestInit = {}): RawRequest {
  const amzDate = amzDateOf(init.at ?? NOW)
  const chain = init.chain ?? identity.chain
  const body = init.rawBody ?? JSON.stringify(init.body ?? { durationSeconds: 3600 })
  const query = Object.entries(init.query ?? ARNS)
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .sort()
    .join('&')
  const headers = {
    'content-type': 'application/json',
    host: '127.0.0.1',
    'x-amz-date': amzDate,
    'x-amz-x509': identity.der.toString('base64'),
    ...(chain.length > 0
      ? { 'x-amz-x509-chain': chain.map((der) => der.toString('base64')).join(',') }
      : {}),
    ...init.headers,
  }
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  )
  const signed = present
    .map(([name]) => name)
    .filter((name) => !init.unsigned?.includes(name))
    .sort()
  const canonical = [
    'POST',
    '/sessions',
    query,
    ...signed.map((name) => `${name}:${String(headers[name as keyof typeof headers])}`),
    '',
    signed.join(';'),
    sha256(body),
  ].join('\n')
  const key = init.privateKey ?? identity.privateKey
  const algorithm = init.algorithm ?? algorithmOf(key)
  const date = init.scopeDate ?? amzDate.slice(0, 8)
  const scope = `${date}/${init.region ?? REGION}/${init.service ?? 'rolesanywhere'}/aws4_request`
  const stringToSign = [algorithm, amzDate, scope, sha256(canonical)].join('\n')
  const serial = init.serial ?? BigInt(`0x${identity.certificate.serialNumber}`).toString()
  const signature = sign(hashOf(key), Buffer.from(stringToSign), key).toString('hex')
  const authorization =
    `${algorithm} Credential=${serial}/${scope}, ` +
    `SignedHeaders=${signed.join(';')}, Signature=${signature}`
  return {
    method: 'POST',
    target: query === '' ? '/sessions' : `/sessions?${query}`,
    headers: [
      ...present,
      ['authorization', authorization],
      ['content-length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

/** Keys of an issued session. */
export interface SessionKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

/** What the JSON of a granted CreateSession holds. */
export interface SessionAnswer {
  readonly credentialSet: readonly {
    readonly assumedRoleUser: { readonly arn: string; readonly assumedRoleId: string }
    readonly credentials: SessionKeys & { readonly expiration: string }
    readonly packedPolicySize: number
    readonly roleArn: string
    readonly sourceIdentity: string
  }[]
  readonly subjectArn: string
}

/** A request to one of the AWS services, to be signed with session keys. */
export interface AwsRequestInit {
  readonly service: string
  readonly region?: string
  readonly method?: string
  /** Percent-encoded. */
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly at?: Date
  readonly payloadHash?: string
  /** Sign the query instead of a header, for this many seconds. */
  readonly presignSeconds?: number
}

/** A request signed with Signature Version 4. */
export function awsRequest(keys: SessionKeys, init: AwsRequestInit): RawRequest {
  const { service, region = REGION, method = 'GET', path = '/', body = '' } = init
  const amzDate = amzDateOf(init.at ?? NOW)
  const scope = `${amzDate.slice(0, 8)}/${region}/${service}/aws4_request`
  const presigned = init.presignSeconds !== undefined
  const hash = init.payloadHash ?? (presigned ? 'UNSIGNED-PAYLOAD' : sha256(body))
  const headers: Record<string, string> = {
    host: '127.0.0.1',
    ...init.headers,
    ...(presigned
      ? {}
      : {
          'x-amz-content-sha256': hash,
          'x-amz-date': amzDate,
          'x-amz-security-token': keys.sessionToken,
        }),
  }
  const signed = Object.keys(headers).sort()
  const inQuery = {
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${keys.accessKeyId}/${scope}`,
    'X-Amz-Date': amzDate,
    'X-Amz-Expires': String(init.presignSeconds),
    'X-Amz-Security-Token': keys.sessionToken,
    'X-Amz-SignedHeaders': signed.join(';'),
  }
  const query = Object.entries({ ...init.query, ...(presigned ? inQuery : {}) })
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .sort()
    .join('&')
  const canonical = [
    method,
    path,
    query,
    ...signed.map((name) => `${name}:${String(headers[name])}`),
    '',
    signed.join(';'),
    hash,
  ].join('\n')
  const stringToSign = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical)].join('\n')
  const signature = hmac(signingKey(keys.secretAccessKey, scope), stringToSign).toString('hex')
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, ` +
    `SignedHeaders=${signed.join(';')}, Signature=${signature}`
  const fullQuery = presigned ? `${query}&X-Amz-Signature=${signature}` : query
  return {
    method,
    target: fullQuery === '' ? path : `${path}?${fullQuery}`,
    headers: [
      ...Object.entries(headers),
      ...(presigned ? [] : [['authorization', authorization] as const]),
      ['content-length', String(Buffer.byteLength(body))],
    ],
    body,
  }
}

/** The same request with one header changed after signing. */
export function withHeader(request: RawRequest, name: string, value: string): RawRequest {
  const headers = request.headers.map(
    ([given, old]) => [given, given.toLowerCase() === name ? value : old] as const,
  )
  return { ...request, headers }
}

/** One of its headers. */
export const headerOf = ({ headers }: RawRequest, name: string): string =>
  headers.find(([given]) => given.toLowerCase() === name)?.[1] ?? ''

/** As signatures write instants. */
export const amzDateOf = (date: Date): string => date.toISOString().replace(/[-:]|\.\d+/g, '')

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** The key that a scope is signed with. */
export const signingKey = (secret: string, scope: string): Buffer =>
  scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))

const escape = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

function algorithmOf({ asymmetricKeyType }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'AWS4-X509-RSA-SHA256'
  return asymmetricKeyType === 'ec' ? 'AWS4-X509-ECDSA-SHA256' : 'AWS4-X509-MLDSA'
}

const hashOf = ({ asymmetricKeyType }: KeyObject): string | null =>
  asymmetricKeyType === 'rsa' || asymmetricKeyType === 'ec' ? 'sha256' : null
