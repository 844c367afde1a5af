import type { InjectionRequest } from '../request.js'
import type { Pod } from './pod.js'

/** A service mesh that takes over the network of a pod. */
export interface Mesh {
  readonly name: 'Istio' | 'Linkerd'
  /** Its proxy, where it runs as a native sidecar and so has the network ready before those behind it. */
  readonly nativeProxy?: string
}

const MESHES = [
  {
    name: 'Istio',
    proxy: 'istio-proxy',
    containers: ['istio-proxy', 'istio-init', 'istio-validation'],
    keys: ['sidecar.istio.io/status', 'sidecar.istio.io/inject', 'istio.io/rev'],
    namespaceKeys: ['istio-injection', 'istio.io/rev'],
    off: ['sidecar.istio.io/inject'],
  },
  {
    name: 'Linkerd',
    proxy: 'linkerd-proxy',
    containers: ['linkerd-proxy', 'linkerd-init', 'linkerd-network-validator'],
    keys: ['linkerd.io/inject', 'linkerd.io/proxy-version'],
    namespaceKeys: ['linkerd.io/inject'],
    off: ['linkerd.io/inject'],
  },
] as const

const OFF: readonly unknown[] = ['false', 'disabled', false]

/**
 * The mesh that the pod is or will be part of: its containers are there, or labels and annotations of
 * pod or namespace ask for them, since its webhook may come after ours.
 */
export function meshOf(pod: Pod, request: InjectionRequest): Mesh | undefined {
  const init = pod.spec.initContainers ?? []
  const names = [...init, ...pod.spec.containers].map(({ name }) => name)
  const own = { ...pod.metadata?.labels, ...pod.metadata?.annotations }
  const namespace = { ...request.namespaceLabels, ...request.namespaceAnnotations }
  for (const { name, proxy, containers, keys, namespaceKeys, off } of MESHES) {
    const present = containers.some((container) => names.includes(container))
    const optedOut = off.some((key) => OFF.includes(own[key]))
    const asked =
      keys.some((key) => own[key] !== undefined) ||
      namespaceKeys.some((key) => namespace[key] !== undefined && !OFF.includes(namespace[key]))
    if (!present && (optedOut || !asked)) continue
    const native = init.some((each) => each.name === proxy && each.restartPolicy === 'Always')
    return { name, ...(native && { nativeProxy: proxy }) }
  }
  return undefined
}
