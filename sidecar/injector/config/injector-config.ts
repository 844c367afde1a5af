import { VERSION } from '../../../src/version.js'
import { type AnnotationName, DEFAULT_PREFIX } from '../annotations.js'
import type { Fields } from '../pod/pod.js'
import type { ServerVersion } from '../request.js'

/** One permission of the platform team. Every list holds patterns in which `*` stands for any text. */
export interface AllowRule {
  readonly name: string
  readonly namespaces: readonly string[]
  readonly serviceAccounts: readonly string[]
  readonly roleArns: readonly string[]
  readonly profileArns: readonly string[]
  readonly trustAnchorArns: readonly string[]
  /** Sources as `secret/NAME`, `issuer/NAME` or `volume/NAME`. */
  readonly certificates: readonly string[]
}

/** How the injected container looks. */
export interface SidecarConfig {
  readonly image: string
  readonly imagePullPolicy?: string
  /** Variables of the sidecar: proxies, an endpoint of one's own, the log level. */
  readonly env: readonly Fields[]
  readonly resources: Fields
  /** Absent: the image's, or the one that the cluster assigns. */
  readonly runAsUser?: number
  readonly runAsGroup: number
  readonly port: number
  readonly healthPort: number
  /** Address of the health listener: the kubelet and Prometheus ask at the pod's address. */
  readonly healthHost: string
  /** How long the first session may take before the kubelet starts the sidecar anew. */
  readonly startupSeconds: number
  /** What the annotation `sidecar-patch` may do. */
  readonly patch: 'refuse' | 'safe' | 'any'
}

/** Everything that the platform team decides. */
export interface InjectorConfig {
  readonly prefix: string
  /** Values of annotations that no layer nearer to the pod gives. */
  readonly defaults: Readonly<Partial<Record<AnnotationName, string>>>
  readonly sidecar: SidecarConfig
  /** Containers that get nothing unless a pod names them: patterns. */
  readonly skipContainers: readonly string[]
  readonly hostNetwork: 'refuse' | 'allow'
  /** SPIFFE trust domain in certificates that a cert-manager issuer makes. */
  readonly trustDomain: string
  /** What to do with a container that brings credentials of its own, which an SDK would prefer. */
  readonly existingCredentials: 'warn' | 'skip' | 'refuse'
  /** Whether the webhook looks whether a pod's certificate is there, as far as its rights go. */
  readonly missingCertificates: 'ignore' | 'warn'
  readonly serverVersion?: ServerVersion
  /** Absent: everybody may use everything. An empty list: nobody may use anything. */
  readonly allow?: readonly AllowRule[]
}

/** The configuration of an empty file. Memory: docs/benchmarks.md. */
export const DEFAULT_CONFIG: InjectorConfig = {
  prefix: DEFAULT_PREFIX,
  defaults: {},
  sidecar: {
    image: `rolesanywhere:${VERSION}`,
    env: [],
    resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '128Mi' } },
    runAsGroup: 65_532,
    port: 9911,
    healthPort: 9912,
    healthHost: '0.0.0.0',
    startupSeconds: 300,
    patch: 'safe',
  },
  skipContainers: [
    'istio-init',
    'istio-proxy',
    'istio-validation',
    'linkerd-debug',
    'linkerd-init',
    'linkerd-network-validator',
    'linkerd-proxy',
  ],
  hostNetwork: 'refuse',
  trustDomain: 'cluster.local',
  existingCredentials: 'warn',
  missingCertificates: 'ignore',
}
