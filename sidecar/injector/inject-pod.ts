import { ANNOTATIONS, INJECT_LABEL, STATUS } from './annotations.js'
import type { InjectorConfig } from './config/injector-config.js'
import { mutate } from './mutate.js'
import type { PatchOperation } from './patch.js'
import { isGuaranteed } from './pod/check-pod.js'
import { type Fields, isFields, type Pod, readPod } from './pod/pod.js'
import { type Refusal, refusalOf, type Warn, type Warning } from './refusal.js'
import type { InjectionRequest } from './request.js'
import { checkAllowed, type Workload } from './settings/allow-list.js'
import { layersOf } from './settings/layers.js'
import { type InjectionSettings, resolveSettings } from './settings/resolve-settings.js'

/** What becomes of a pod. */
export type Injection =
  | {
      readonly outcome: 'injected'
      /** Empty when the pod is complete already. */
      readonly operations: readonly PatchOperation[]
      readonly settings: InjectionSettings
      readonly workload: Workload
      readonly warnings: readonly Warning[]
    }
  | { readonly outcome: 'unchanged'; readonly reason: string }
  | {
      readonly outcome: 'refused'
      readonly refusal: Refusal
      readonly warnings: readonly Warning[]
    }

/**
 * Decides about one pod: pure, and the only way in which webhook and command line do. Never throws for
 * what a pod or its annotations hold.
 */
export function injectPod(request: InjectionRequest, config: InjectorConfig): Injection {
  if (request.operation !== 'CREATE') {
    return { outcome: 'unchanged', reason: 'only pods that are created are changed' }
  }
  const warnings: Warning[] = []
  // A pod may run into the same thing once for each container.
  const warn: Warn = (rule, message) => {
    if (!warnings.some((other) => other.message === message)) warnings.push({ rule, message })
  }
  try {
    if (!asksForInjection(request.pod, config.prefix)) {
      const reason = `no label ${config.prefix}/${INJECT_LABEL}: "true"`
      return { outcome: 'unchanged', reason }
    }
    const pod = readPod(request.pod)
    if (pod.metadata?.annotations?.[MIRROR] !== undefined) {
      return { outcome: 'unchanged', reason: 'the mirror of a static pod, which runs from a file' }
    }
    const workload = workloadOf(pod, request)
    const settings = settingsOf(pod, { request, config, workload, warn })
    checkAllowed(config.allow, settings, workload)
    if (settings.imds) {
      warn(
        'imds',
        'with imds every process of the pod gets credentials, skipped containers included',
      )
    }
    if (settings.credentialsFile) {
      warn(
        'credentials-file',
        'programs that run long read the credentials file only once, and keep what they have read',
      )
    }
    const operations = mutate({ pod, request, workload, settings, config, warn })
    if (operations.length > 0 && isGuaranteed(pod)) {
      warn('quality-of-service', 'the pod was Guaranteed; with the sidecar it is Burstable')
    }
    return { outcome: 'injected', operations, settings, workload, warnings }
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    return { outcome: 'refused', refusal, warnings }
  }
}

/**
 * On what the kubelet shows of a pod that it has read from a file. What runs is the file, and no mirror
 * may refer to Secrets.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
const MIRROR = 'kubernetes.io/config.mirror'

/** The label is looked at before anything else: pods without it are none of our business. */
function asksForInjection(pod: unknown, prefix: string): boolean {
  const metadata = isFields(pod) ? pod['metadata'] : undefined
  const labels = isFields(metadata) ? metadata['labels'] : undefined
  return isFields(labels) && labels[`${prefix}/${INJECT_LABEL}`] === 'true'
}

function workloadOf({ spec }: Pod, { namespace }: InjectionRequest): Workload {
  // The API server's own default comes first; older manifests use the older name.
  const named = [spec.serviceAccountName, spec.serviceAccount].find(
    (name): name is string => typeof name === 'string' && name !== '',
  )
  return { namespace, serviceAccount: named ?? 'default' }
}

function settingsOf(
  pod: Pod,
  context: {
    readonly request: InjectionRequest
    readonly config: InjectorConfig
    readonly workload: Workload
    readonly warn: Warn
  },
): InjectionSettings {
  const { request, config, workload, warn } = context
  warnUnknown(pod.metadata?.annotations, config.prefix, warn)
  const layers = layersOf(config, {
    pod: pod.metadata?.annotations,
    serviceAccount: request.serviceAccountAnnotations,
    namespace: request.namespaceAnnotations,
    names: workload,
  })
  return resolveSettings(layers, warn)
}

function warnUnknown(annotations: Fields | undefined, prefix: string, warn: Warn): void {
  for (const key of Object.keys(annotations ?? {})) {
    if (!key.startsWith(`${prefix}/`)) continue
    const name = key.slice(prefix.length + 1)
    if (name !== STATUS && !Object.hasOwn(ANNOTATIONS, name)) {
      warn('annotation-unknown', `annotation ${key} means nothing here`)
    }
  }
}
