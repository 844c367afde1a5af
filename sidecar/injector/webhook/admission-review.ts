import { RolesAnywhereError } from '../../../src/errors.js'
import type { PatchOperation } from '../patch.js'
import { type Fields, isFields } from '../pod/pod.js'

/** Versions of `AdmissionReview` that are understood; an answer has the version of its question. */
const API_VERSIONS: readonly unknown[] = [
  'admission.k8s.io/v1',
  // Gone from the API server since 1.22, and the same in every field that is read here.
  'admission.k8s.io/v1beta1',
]

/** The API server cuts a warning after 256 bytes, and all of them after 4096. */
const MAX_WARNING = 250
const MAX_WARNINGS = 12

/** What the API server asks about one object. */
export interface AdmissionRequest {
  readonly apiVersion: string
  readonly uid: string
  /** `CREATE`, `UPDATE` and so on. */
  readonly operation: string
  /** Whether this is a pod, and no subresource of one. */
  readonly isPod: boolean
  readonly namespace: string
  /** Empty while the API server has not made one up from `generateName`. */
  readonly name: string
  /** The object as JSON; `undefined` for a deletion. */
  readonly object: unknown
  /** Nothing may be written because of this request. */
  readonly dryRun: boolean
}

/** The answer to one request. */
export type AdmissionAnswer =
  | {
      readonly allowed: true
      readonly operations: readonly PatchOperation[]
      readonly warnings: readonly string[]
    }
  | {
      readonly allowed: false
      /** 403: never in this way. 503: not now. */
      readonly status: 403 | 500 | 503
      /** For people; `kubectl` prints it. */
      readonly message: string
      readonly warnings: readonly string[]
    }

/**
 * Reads the body of a request of the API server.
 *
 * @throws RolesAnywhereError `ERR_RA_ADMISSION_REVIEW_INVALID` without any part of the body in its
 *   message, since it holds the pod's environment.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
 */
export function parseAdmissionReview(body: string): AdmissionRequest {
  let review: unknown
  try {
    review = JSON.parse(body)
  } catch {
    throw invalid('is not JSON')
  }
  if (!isFields(review)) throw invalid('is not an object')
  const { apiVersion, kind, request } = review
  if (kind !== 'AdmissionReview' || !API_VERSIONS.includes(apiVersion)) {
    throw invalid('is not an AdmissionReview of admission.k8s.io/v1')
  }
  if (!isFields(request)) throw invalid('has no request')
  const { uid, operation, object, subResource, dryRun } = request
  if (typeof uid !== 'string' || uid === '' || uid.length > 256) throw invalid('has no uid')
  return {
    apiVersion: String(apiVersion),
    uid,
    operation: text(operation),
    isPod: isPods(request['resource']) && (subResource ?? '') === '',
    namespace: text(request['namespace']),
    name: text(request['name']) || nameOf(object),
    object: object ?? undefined,
    dryRun: dryRun === true,
  }
}

/** The body of the answer. */
export function admissionResponse(request: AdmissionRequest, answer: AdmissionAnswer): string {
  const { apiVersion, uid } = request
  const warnings = answer.warnings.slice(0, MAX_WARNINGS).map(clip)
  const response = {
    uid,
    allowed: answer.allowed,
    ...(warnings.length > 0 && { warnings }),
    ...(answer.allowed ? patchOf(answer.operations) : statusOf(answer)),
  }
  return JSON.stringify({ apiVersion, kind: 'AdmissionReview', response })
}

function patchOf(operations: readonly PatchOperation[]): object {
  if (operations.length === 0) return {}
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64')
  return { patchType: 'JSONPatch', patch }
}

const REASONS = { 403: 'Forbidden', 500: 'InternalError', 503: 'ServiceUnavailable' } as const

const statusOf = ({ status, message }: Extract<AdmissionAnswer, { allowed: false }>): object => ({
  status: { status: 'Failure', code: status, reason: REASONS[status], message },
})

function isPods(resource: unknown): boolean {
  return isFields(resource) && resource['group'] === '' && resource['resource'] === 'pods'
}

/** A pod of a controller has only the beginning of a name. */
function nameOf(object: unknown): string {
  const metadata: Fields | undefined =
    isFields(object) && isFields(object['metadata']) ? object['metadata'] : undefined
  return text(metadata?.['name']) || text(metadata?.['generateName'])
}

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 256) : '')

const clip = (warning: string): string =>
  Buffer.byteLength(warning) <= MAX_WARNING
    ? warning
    : `${Buffer.from(warning)
        .subarray(0, MAX_WARNING - 3)
        .toString('utf8')}…`

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ADMISSION_REVIEW_INVALID', `the request ${problem}`)
}
