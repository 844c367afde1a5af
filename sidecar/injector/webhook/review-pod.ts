import { kindOf } from '../../../src/errors.js'
import type { Logger } from '../../../src/log.js'
import type { InjectorConfig } from '../config/injector-config.js'
import { type Injection, injectPod } from '../inject-pod.js'
import { type Fields, isFields } from '../pod/pod.js'
import type { ServerVersion } from '../request.js'
import type { Refusal, Warning } from '../refusal.js'
import type { AdmissionAnswer, AdmissionRequest } from './admission-review.js'
import type { CertificateCheck } from './certificate-check.js'
import type { ClusterView } from './cluster-view.js'

/** How an admission ended, for the metrics. */
export type AdmissionResult = 'injected' | 'unchanged' | 'refused' | 'error'

/** What {@link reviewPod} needs beside the request. */
export interface ReviewContext {
  readonly config: InjectorConfig
  readonly cluster: Pick<ClusterView, 'namespace' | 'serviceAccount'>
  readonly serverVersion?: ServerVersion
  readonly log: Logger
  /** Told of every refusal that is not a dry run, to make an Event of it. */
  readonly onRefusal?: (request: AdmissionRequest, refusal: Refusal) => void
  /** Asked when the configuration says so. */
  readonly certificates?: CertificateCheck
  /** Told of every pod whose certificate is missing, unless it is a dry run. */
  readonly onMissingCertificate?: (request: AdmissionRequest, message: string) => void
}

/** An answer, and what it is counted as. */
export interface Review {
  readonly answer: AdmissionAnswer
  readonly result: AdmissionResult
}

/**
 * Answers one request of the API server. Never rejects: what cannot be decided is refused, with a
 * status that has controllers try again.
 */
export async function reviewPod(
  request: AdmissionRequest,
  context: ReviewContext,
): Promise<Review> {
  const { log } = context
  const { namespace, name, operation, dryRun } = request
  const about = { namespace, pod: name, operation, ...(dryRun && { dryRun }) }
  try {
    if (!request.isPod || request.object === undefined) return unchanged()
    const injection = await decide(request, context)
    if (injection.outcome === 'unchanged') {
      log.debug('pod left as it is', { ...about, reason: injection.reason })
      return unchanged()
    }
    const told = [...injection.warnings, ...(await missingCertificate(request, injection, context))]
    const warnings = told.map(({ rule, message }) => `${message} (${rule})`)
    if (injection.outcome === 'refused') {
      const { rule, message, hint } = injection.refusal
      log.warn('pod refused', { ...about, rule, reason: message })
      if (!dryRun) context.onRefusal?.(request, injection.refusal)
      const text = `rolesanywhere: ${message} (rule ${rule})${hint === undefined ? '' : `; ${hint}`}`
      return { answer: { allowed: false, status: 403, message: text, warnings }, result: 'refused' }
    }
    const { operations, workload } = injection
    log.info('pod injected', {
      ...about,
      serviceAccount: workload.serviceAccount,
      operations: operations.length,
      ...(told.length > 0 && { warnings: [...new Set(told.map(({ rule }) => rule))] }),
    })
    return { answer: { allowed: true, operations, warnings }, result: 'injected' }
  } catch (error) {
    return { answer: failed(error, about, log), result: 'error' }
  }
}

const unchanged = (): Review => ({
  answer: { allowed: true, operations: [], warnings: [] },
  result: 'unchanged',
})

async function decide(
  { object, namespace: asked, operation }: AdmissionRequest,
  { config, cluster, serverVersion }: ReviewContext,
): Promise<Injection> {
  const namespace = asked || textAt(object, 'metadata', 'namespace') || 'default'
  const account =
    textAt(object, 'spec', 'serviceAccountName') ||
    textAt(object, 'spec', 'serviceAccount') ||
    'default'
  const [ofNamespace, ofAccount] = await Promise.all([
    cluster.namespace(namespace),
    cluster.serviceAccount(namespace, account),
  ])
  return injectPod(
    {
      pod: object,
      namespace,
      operation,
      serviceAccountAnnotations: ofAccount.annotations,
      namespaceAnnotations: ofNamespace.annotations,
      namespaceLabels: ofNamespace.labels,
      // What the configuration says wins: nodes may be older than the API server.
      ...(serverVersion && !config.serverVersion && { serverVersion }),
    },
    config,
  )
}

/** A pod that is complete already was looked at when it got its sidecar. */
async function missingCertificate(
  request: AdmissionRequest,
  injection: Injection,
  { config, certificates, onMissingCertificate }: ReviewContext,
): Promise<readonly Warning[]> {
  if (config.missingCertificates === 'ignore' || injection.outcome !== 'injected') return []
  if (injection.operations.length === 0) return []
  const { settings, workload } = injection
  const message = await certificates?.problem(settings.certificate, workload.namespace)
  if (message === undefined) return []
  if (!request.dryRun) onMissingCertificate?.(request, message)
  return [{ rule: 'certificate-missing', message }]
}

/** The cause stays in the log: it may name what the user of this pod has no business to know. */
function failed(error: unknown, about: object, log: Logger): AdmissionAnswer {
  const isOurs = kindOf(error) === 'internal'
  log.error('could not decide about a pod', { ...about, error })
  return {
    allowed: false,
    status: isOurs ? 500 : 503,
    message: isOurs
      ? 'rolesanywhere: internal error, see the log of the injector'
      : 'rolesanywhere: the injector cannot reach the API server now; this is tried again',
    warnings: [],
  }
}

function textAt(object: unknown, field: string, name: string): string {
  const fields: Fields | undefined =
    isFields(object) && isFields(object[field]) ? object[field] : undefined
  const value = fields?.[name]
  return typeof value === 'string' ? value : ''
}
