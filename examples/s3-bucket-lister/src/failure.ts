import { UsageError } from './usage.js'

/** How the program ends, and what it tells people. */
export interface Failure {
  readonly status: number
  readonly message: string
  readonly hint: string
}

interface Row {
  /** Names and codes that errors of the SDK, of the services and of node carry. */
  readonly names: readonly string[]
  readonly status: number
  readonly message: string
  readonly hint: string
}

const USAGE = { status: 2, hint: 'see --help' }

const DENIED = {
  status: 5,
  message: 'the request was denied',
  hint: "allow sts:GetCallerIdentity and s3:ListAllMyBuckets in the role's policy",
}

const UNAVAILABLE = {
  status: 6,
  message: 'the service is not available',
  hint: 'wait a little and try again',
}

const OTHER = {
  status: 1,
  message: 'something unexpected went wrong',
  hint: 'the name of the error may tell more: search for it in the documentation of the AWS SDK',
}

const TABLE: readonly Row[] = [
  {
    names: ['CredentialsProviderError', 'ProviderError', 'TokenProviderError'],
    status: 3,
    message: 'no credentials were found',
    hint: 'is the sidecar running, and is AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_PROFILE set?',
  },
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'],
    status: 5,
    message: 'the session has expired',
    hint: 'the credentials were not renewed in time: look at the log of what provides them',
  },
  {
    names: ['RequestTimeTooSkewed', 'RequestInTheFuture'],
    status: 5,
    message: 'the clocks of this machine and the service differ too much',
    hint: 'set the clock of this machine',
  },
  {
    names: [
      'InvalidAccessKeyId',
      'InvalidClientTokenId',
      'InvalidToken',
      'SignatureDoesNotMatch',
      'UnrecognizedClientException',
    ],
    status: 5,
    message: 'the service does not accept the credentials',
    hint: 'they belong to another account or partition, or are no longer known',
  },
  { names: ['AccessDenied', 'AccessDeniedException', 'AllAccessDisabled', 'Forbidden'], ...DENIED },
  {
    names: ['ENOTFOUND', 'EAI_AGAIN'],
    status: 6,
    message: 'the name of the service cannot be resolved',
    hint: 'check the network, AWS_REGION and AWS_ENDPOINT_URL',
  },
  {
    names: [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'EPROTO',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    status: 6,
    message: 'the TLS connection to the service failed',
    hint: 'if a proxy or the emulator presents its own certificate, set NODE_EXTRA_CA_CERTS',
  },
  {
    names: [
      'ECONNREFUSED',
      'ECONNRESET',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EPIPE',
      'ETIMEDOUT',
      'NetworkingError',
      'TimeoutError',
    ],
    status: 6,
    message: 'the service cannot be reached',
    hint: 'check the network, and AWS_ENDPOINT_URL if it is set',
  },
  {
    names: ['InternalError', 'ServiceUnavailable', 'SlowDown', 'Throttling', 'ThrottlingException'],
    ...UNAVAILABLE,
  },
]

/** Errors nest: the SDK wraps node's, and a failure to connect wraps one for each address. */
const MAX_DEPTH = 4

/**
 * What a thrown value means for who runs the program. Messages of the error itself are left out: they
 * can repeat what a server answered.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { ...USAGE, message: error.message }
  const names = namesOf(error)
  const row = TABLE.find((candidate) => candidate.names.some((name) => names.includes(name)))
  const { status, message, hint } = row ?? byHttpStatus(error)
  const name = names.find((candidate) => row?.names.includes(candidate)) ?? names[0]
  return { status, message: name === undefined ? message : `${message} (${name})`, hint }
}

function byHttpStatus(error: unknown): Omit<Row, 'names'> {
  const status = property(property(error, '$metadata'), 'httpStatusCode')
  if (status === 401 || status === 403) return DENIED
  if (typeof status === 'number' && (status === 429 || status >= 500)) return UNAVAILABLE
  return OTHER
}

function namesOf(error: unknown, depth = 0): readonly string[] {
  if (depth === MAX_DEPTH || typeof error !== 'object' || error === null) return []
  const own = ['code', 'Code', 'name'].map((key) => property(error, key))
  const nested = property(error, 'errors')
  const inner = [property(error, 'cause'), ...(Array.isArray(nested) ? nested : [])]
  return [
    ...own.filter((name): name is string => typeof name === 'string' && name !== ''),
    ...inner.flatMap((each) => namesOf(each, depth + 1)),
  ]
}

function property(value: unknown, key: string): unknown {
  // Narrowed to an object first; the result is unknown until the caller looks at it.
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}
