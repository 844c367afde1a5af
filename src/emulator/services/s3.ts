import { createHash } from 'node:crypto'
import {
  type Arrived,
  type Outcome,
  type Pair,
  decodePairs,
  decodePercent,
  header,
  valueOf,
} from '../http/exchange.js'
import { type Failure, refuse } from '../http/failure.js'
import type { Bucket } from '../state/model.js'
import type { EmulatorState } from '../state/state.js'
import { authFailure } from './auth-failures.js'
import { whyNotPermitted } from './permission.js'
import { type S3Page, listBuckets, listObjects } from './s3-listing.js'
import { type AuthDeps, type Authenticated, authenticate } from './sigv4.js'

/** Largest object, and all objects of a bucket together: they live in memory. */
const MAX_OBJECT_BYTES = 5 * 1024 * 1024
const MAX_BUCKET_BYTES = 64 * 1024 * 1024

/** What S3 needs besides the request. */
export interface S3Deps extends AuthDeps {
  readonly state: EmulatorState
}

/** A path-style S3 request taken apart. */
interface S3Request {
  readonly operation: string
  readonly bucket: string
  readonly key: string
  readonly query: readonly Pair[]
}

/** Name of the S3 operation that a request asks for. */
export function s3Operation(arrived: Arrived): string {
  return readS3Request(arrived)?.operation ?? 'UnknownOperation'
}

/**
 * Answers the S3 operations of a bucket lister: ListBuckets, ListObjectsV2, HeadBucket, GetObject,
 * HeadObject and PutObject, path-style.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function s3(arrived: Arrived, at: Date, requestId: string, deps: S3Deps): Outcome {
  const refuseWith = (failure: Failure, principal?: string): Outcome =>
    refuse('rest-xml', principal === undefined ? failure : { ...failure, principal }, requestId)
  const authenticated = authenticate(arrived, 's3', at, deps)
  if ('problem' in authenticated) return refuseWith(authFailure('s3', authenticated))
  const principal = authenticated.session.assumedRoleArn
  const request = readS3Request(arrived)
  if (!request) return refuseWith(FAILURES.invalidUri, principal)
  const handle = OPERATIONS[request.operation]
  if (!handle) return refuseWith(FAILURES.notImplemented, principal)
  const refusal = whyRefused(request, authenticated, at, deps.state)
  if (refusal) return refuseWith(refusal, principal)
  const result = handle({ arrived, request, authenticated, at, state: deps.state })
  if ('code' in result) return refuseWith(result, principal)
  const headers = { 'x-amz-request-id': requestId, ...result.headers }
  return { answer: { status: 200, headers, body: result.body }, principal }
}

const fail = (status: number, code: string, message: string): Failure => ({ status, code, message })

const FAILURES = {
  invalidUri: fail(400, 'InvalidURI', "Couldn't parse the specified URI."),
  notImplemented: fail(501, 'NotImplemented', 'The emulator does not have this operation.'),
  noBucket: fail(404, 'NoSuchBucket', 'The specified bucket does not exist'),
  noKey: fail(404, 'NoSuchKey', 'The specified key does not exist.'),
  tooLarge: fail(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size'),
  badArgument: fail(400, 'InvalidArgument', 'A parameter of the listing is out of its range'),
} as const

function readS3Request(arrived: Arrived): S3Request | undefined {
  const query = decodePairs(arrived.rawQuery)
  const [, rawBucket = '', ...rest] = arrived.path.split('/')
  const bucket = decodePercent(rawBucket)
  const key = decodePercent(rest.join('/'))
  if (!query || bucket === undefined || key === undefined) return undefined
  const level = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object'
  const operation = ROUTES[`${arrived.method} ${level}`] ?? 'UnknownOperation'
  // Sub-resources such as `?acl` are operations of their own.
  const other = query.find(([name]) => SUB_RESOURCES.has(name))
  const known = !other && (operation !== 'ListObjectsV2' || valueOf(query, 'list-type') === '2')
  return { operation: known ? operation : 'UnknownOperation', bucket, key, query }
}

const ROUTES: Readonly<Record<string, string>> = {
  'GET service': 'ListBuckets',
  'HEAD bucket': 'HeadBucket',
  'GET bucket': 'ListObjectsV2',
  'GET object': 'GetObject',
  'HEAD object': 'HeadObject',
  'PUT object': 'PutObject',
}

const SUB_RESOURCES = new Set([
  ...['acl', 'attributes', 'cors', 'encryption', 'legal-hold', 'lifecycle', 'location', 'logging'],
  ...['object-lock', 'partNumber', 'policy', 'publicAccessBlock', 'replication', 'retention'],
  ...['tagging', 'torrent', 'uploadId', 'uploads', 'versioning', 'versions', 'website'],
])

/** The IAM action of each operation. */
const ACTIONS: Readonly<Record<string, string>> = {
  ListBuckets: 's3:ListAllMyBuckets',
  HeadBucket: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  PutObject: 's3:PutObject',
}

/** Permission first: who may not look does not learn whether there is anything. */
function whyRefused(
  { operation, bucket, key }: S3Request,
  { session, region }: Authenticated,
  at: Date,
  state: EmulatorState,
): Failure | undefined {
  const name = operation === 'ListBuckets' ? '*' : key === '' ? bucket : `${bucket}/${key}`
  const resource = `arn:${session.partition}:s3:::${name}`
  const denial = whyNotPermitted(state, { session, action: ACTIONS[operation] ?? '', resource, at })
  if (denial !== undefined) return fail(403, 'AccessDenied', denial)
  if (operation === 'ListBuckets') return undefined
  const found = state.bucket(bucket)
  if (!found) return FAILURES.noBucket
  if (found.region === region) return undefined
  return {
    ...fail(
      400,
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region '${region}' is wrong; ` +
        `expecting '${found.region}'`,
    ),
    headers: { 'x-amz-bucket-region': found.region },
    // SDKs go on to the region that one of the two names.
    elements: { Region: found.region },
  }
}

interface Call {
  readonly arrived: Arrived
  readonly request: S3Request
  readonly authenticated: Authenticated
  readonly at: Date
  readonly state: EmulatorState
}

interface Result {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

const OPERATIONS: Readonly<Record<string, (call: Call) => Result | Failure>> = {
  ListBuckets: ({ request, authenticated, state }) => {
    const { account } = authenticated.session
    const visible = state.buckets.filter((bucket) => (bucket.account ?? account) === account)
    return page(listBuckets(visible, request.query, account))
  },
  HeadBucket: withBucket((bucket) => ({
    headers: { 'x-amz-bucket-region': bucket.region },
    body: '',
  })),
  ListObjectsV2: withBucket((bucket, { request }) => page(listObjects(bucket, request.query))),
  GetObject: withBucket(readObject),
  HeadObject: withBucket(readObject),
  PutObject: withBucket(writeObject),
}

function withBucket(
  handle: (bucket: Bucket, call: Call) => Result | Failure,
): (call: Call) => Result | Failure {
  return (call) => {
    const bucket = call.state.bucket(call.request.bucket)
    return bucket ? handle(bucket, call) : FAILURES.noBucket
  }
}

const page = (result: S3Page): Result | Failure =>
  result === undefined
    ? FAILURES.badArgument
    : { headers: { 'Content-Type': 'application/xml' }, body: result }

function readObject(bucket: Bucket, { request }: Call): Result | Failure {
  const object = bucket.objects.get(request.key)
  if (!object) return FAILURES.noKey
  return {
    headers: {
      'Content-Type': object.contentType,
      'Last-Modified': object.modifiedAt.toUTCString(),
      ETag: etag(object.content),
    },
    body: object.content,
  }
}

function writeObject(bucket: Bucket, call: Call): Result | Failure {
  const { request, authenticated, arrived, at } = call
  const content = authenticated.body
  const held = [...bucket.objects.values()].reduce((sum, object) => sum + object.content.length, 0)
  if (content.length > MAX_OBJECT_BYTES || held + content.length > MAX_BUCKET_BYTES) {
    return FAILURES.tooLarge
  }
  bucket.objects.set(request.key, {
    content,
    contentType: header(arrived, 'content-type') ?? 'application/octet-stream',
    modifiedAt: at,
  })
  return { headers: { ETag: etag(content) }, body: '' }
}

const etag = (content: Buffer): string => `"${createHash('md5').update(content).digest('hex')}"`
