import type { InjectorConfig } from '../config/injector-config.js'
import { refusal, type Warn } from '../refusal.js'
import { fieldAt, isFields, listAt, type Pod } from './pod.js'

const OS_LABELS = ['kubernetes.io/os', 'beta.kubernetes.io/os']

/**
 * Pods that a sidecar on loopback is not for.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function checkPod(pod: Pod, config: InjectorConfig, warn: Warn): void {
  if (isWindows(pod)) {
    throw refusal(
      'windows',
      'the sidecar has no image for Windows',
      'remove the label that asks for it',
    )
  }
  const { hostNetwork, hostPID, shareProcessNamespace } = pod.spec
  if (hostNetwork === true) {
    const why = "with hostNetwork the sidecar's ports are the node's"
    if (config.hostNetwork === 'refuse') {
      throw refusal(
        'host-network',
        why,
        'turn hostNetwork off, or ask for "hostNetwork: allow" in the injector configuration',
      )
    }
    warn(
      'host-network',
      `${why}: two such pods on a node collide, and only the token keeps others out`,
    )
  }
  if (shareProcessNamespace === true || hostPID === true) {
    const field = hostPID === true ? 'hostPID' : 'shareProcessNamespace'
    warn('shared-processes', `with ${field} a process of the same user can read the private key`)
  }
}

function isWindows({ spec }: Pod): boolean {
  if (spec.os?.['name'] === 'windows') return true
  if (OS_LABELS.some((label) => spec.nodeSelector?.[label] === 'windows')) return true
  const terms = listAt(
    spec.affinity,
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  )
  const onlyWindows = (term: unknown): boolean =>
    listAt(term, 'matchExpressions').some(
      ({ key, operator, values }) =>
        OS_LABELS.includes(String(key)) &&
        operator === 'In' &&
        Array.isArray(values) &&
        values.every((value) => value === 'windows'),
    )
  return terms.length > 0 && terms.every((term) => isFields(term) && onlyWindows(term))
}

/** Whether requests and limits of every container are equal, so that the kubelet evicts the pod last. */
export function isGuaranteed({ spec }: Pod): boolean {
  return [...(spec.initContainers ?? []), ...spec.containers].every(({ resources }) =>
    ['cpu', 'memory'].every((kind) => {
      const limit = fieldAt(resources, 'limits', kind)
      const request = fieldAt(resources, 'requests', kind) ?? limit
      return limit !== undefined && String(limit) === String(request)
    }),
  )
}
