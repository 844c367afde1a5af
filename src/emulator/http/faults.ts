import type { Answer, Outcome } from './exchange.js'
import { type Failure, type Protocol, refuse } from './failure.js'

/** Every operation that a fault may be aimed at. */
export const OPERATIONS = [
  'CreateSession',
  'GetCallerIdentity',
  'ListBuckets',
  'HeadBucket',
  'ListObjectsV2',
  'GetObject',
  'HeadObject',
  'PutObject',
  'GetAuthorizationToken',
  'CheckRegistry',
  'ListTags',
  'GetManifest',
  'GetBlob',
] as const

const KINDS = [
  'throttle',
  'error',
  'unavailable',
  'denied',
  'slow',
  'hang',
  'reset',
  'malformed',
  'empty',
] as const

/** What goes wrong; docs/emulator.md says what each kind looks like to a client. */
export type FaultKind = (typeof KINDS)[number]

/** Something that goes wrong on purpose. */
export interface Fault {
  /** `*` means all operations. */
  readonly operation: (typeof OPERATIONS)[number] | '*'
  readonly kind: FaultKind
  /** How many requests it hits; without it, all of them until it is cleared. */
  readonly count?: number
  /** HTTP status instead of the kind's own. */
  readonly status?: number
  /** Milliseconds to wait first; `slow` waits 1000 without it. */
  readonly delayMs?: number
  /** Value of a `Retry-After` header. */
  readonly retryAfterSeconds?: number
  /** Response body instead of the kind's own. */
  readonly body?: string
}

/** The faults that are still to happen, in the order given. */
export class FaultList {
  #faults: { readonly fault: Fault; left: number }[] = []

  /** What is left of the list, counts included. */
  get pending(): readonly Fault[] {
    return this.#faults.map(({ fault, left }) =>
      left === Infinity ? fault : { ...fault, count: left },
    )
  }

  clear(): void {
    this.#faults = []
  }

  /**
   * Adds faults to the list.
   *
   * @throws TypeError naming what is wrong with them; none is added then.
   */
  add(faults: unknown): void {
    if (!Array.isArray(faults)) throw new TypeError('faults: not an array')
    const checked = faults.map((fault: unknown, index) => checkFault(fault, index))
    this.#faults.push(...checked.map((fault) => ({ fault, left: fault.count ?? Infinity })))
  }

  /** The fault that hits a request for this operation, counted down. */
  take(operation: string): Fault | undefined {
    const entry = this.#faults.find(
      ({ fault }) => fault.operation === '*' || fault.operation === operation,
    )
    if (!entry) return undefined
    entry.left -= 1
    if (entry.left <= 0) this.#faults = this.#faults.filter((other) => other !== entry)
    return entry.fault
  }
}

/** Longest delay: an hour. */
const MAX_DELAY_MS = 3_600_000

/** Ranges of the numeric members. */
const RANGES = {
  count: [1, 1_000_000],
  status: [200, 599],
  delayMs: [0, MAX_DELAY_MS],
  retryAfterSeconds: [0, 86_400],
} as const

function checkFault(value: unknown, index: number): Fault {
  const place = `faults[${index}]`
  if (typeof value !== 'object' || value === null) throw new TypeError(`${place}: not an object`)
  const fault = value as Record<string, unknown>
  const known = ['operation', 'kind', 'body', ...Object.keys(RANGES)]
  const stranger = Object.keys(fault).find((name) => !known.includes(name))
  if (stranger !== undefined) throw new TypeError(`${place}: expected only ${known.join(', ')}`)
  oneOf(`${place}.operation`, fault['operation'], ['*', ...OPERATIONS])
  oneOf(`${place}.kind`, fault['kind'], KINDS)
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const given = fault[name]
    const good =
      given === undefined ||
      (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max)
    if (!good) throw new TypeError(`${place}.${name}: not a whole number from ${min} to ${max}`)
  }
  if (fault['body'] !== undefined && typeof fault['body'] !== 'string') {
    throw new TypeError(`${place}.body: not a string`)
  }
  // Each member has just been checked.
  return { ...fault } as unknown as Fault
}

function oneOf(place: string, value: unknown, choices: readonly string[]): void {
  if (typeof value === 'string' && choices.includes(value)) return
  throw new TypeError(`${place}: not one of ${choices.join(', ')}`)
}

const failure = (status: number, code: string, message: string): Failure => ({
  status,
  code,
  message,
})

type FailingKind = 'throttle' | 'error' | 'unavailable' | 'denied'

/** What each service says when it fails in each way. */
const FAILURES: Record<Protocol, Record<FailingKind, Failure>> = {
  'rest-json': {
    throttle: failure(429, 'ThrottlingException', 'Rate exceeded'),
    error: failure(500, 'InternalServerException', 'Internal server error'),
    unavailable: failure(503, 'ServiceUnavailableException', 'Service unavailable'),
    denied: failure(403, 'AccessDeniedException', 'Access denied'),
  },
  query: {
    throttle: failure(400, 'Throttling', 'Rate exceeded'),
    error: failure(500, 'InternalFailure', 'Internal failure'),
    unavailable: failure(503, 'ServiceUnavailable', 'Service unavailable'),
    denied: failure(403, 'AccessDenied', 'Access denied'),
  },
  'rest-xml': {
    throttle: failure(503, 'SlowDown', 'Please reduce your request rate.'),
    error: failure(500, 'InternalError', 'We encountered an internal error. Please try again.'),
    unavailable: failure(503, 'ServiceUnavailable', 'Service is unable to handle request.'),
    denied: failure(403, 'AccessDenied', 'Access Denied'),
  },
  'json-1.1': {
    throttle: failure(400, 'ThrottlingException', 'Rate exceeded'),
    error: failure(500, 'ServerException', 'Internal server error'),
    unavailable: failure(503, 'ServiceUnavailableException', 'Service unavailable'),
    denied: failure(400, 'AccessDeniedException', 'Access denied'),
  },
  registry: {
    throttle: failure(429, 'TOOMANYREQUESTS', 'Rate exceeded'),
    error: failure(500, 'UNKNOWN', 'Internal server error'),
    unavailable: failure(503, 'UNAVAILABLE', 'Service unavailable'),
    denied: failure(403, 'DENIED', 'Access denied'),
  },
}

/** The outcome that a fault puts in place of a real one; `undefined` when it does not. */
export function faultOutcome(
  fault: Fault,
  protocol: Protocol,
  requestId: string,
): Outcome | undefined {
  const { kind } = fault
  if (kind !== 'throttle' && kind !== 'error' && kind !== 'unavailable' && kind !== 'denied') {
    return undefined
  }
  const outcome = refuse(protocol, FAILURES[protocol][kind], requestId)
  return { ...outcome, reason: `fault ${kind}`, answer: adjust(outcome.answer, fault) }
}

/** A good answer as a fault spoils it. */
export function spoil(outcome: Outcome, fault: Fault): Outcome {
  if (outcome.errorCode !== undefined) return outcome
  const { answer } = outcome
  if (fault.kind === 'malformed') {
    return { ...outcome, answer: adjust({ ...answer, body: '{"credentialSet":[{"cred' }, fault) }
  }
  if (fault.kind === 'empty') {
    const json = answer.headers['Content-Type']?.includes('json') ?? false
    const body = answer.status === 201 ? '{"credentialSet":[]}' : json ? '{}' : ''
    return { ...outcome, answer: adjust({ ...answer, body }, fault) }
  }
  return { ...outcome, answer: adjust(answer, fault) }
}

function adjust(answer: Answer, { status, body, retryAfterSeconds }: Fault): Answer {
  const retry = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }
  return {
    status: status ?? answer.status,
    headers: { ...answer.headers, ...retry },
    body: body ?? answer.body,
  }
}
