import { X509Certificate } from 'node:crypto'
import type { SecretObject } from '../../sidecar/pull-secrets/pull-secret.js'
import type { KubeObject } from '../../sidecar/kube/objects.js'
import { RESOURCES } from '../../sidecar/kube/objects.js'
import { eventually } from '../support/eventually.js'
import { node } from './hooks.js'

/** The namespace of the guide's application, and the service account with its role. */
export const TEAM = 'bucket-lister'

/** The name of the injected container. */
export const SIDECAR = 'rolesanywhere-sidecar'

/** What the kubelet says of a container. */
export interface ContainerStatus {
  readonly name: string
  readonly containerID?: string
  readonly started?: boolean
  readonly restartCount: number
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt: string }
    readonly terminated?: ContainerEnd
  }
}

export interface ContainerEnd {
  readonly exitCode: number
  readonly startedAt: string
  readonly finishedAt: string
}

export interface Pod extends KubeObject {
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string }[]
    readonly containers: readonly { readonly name: string }[]
  }
  readonly status?: {
    readonly phase?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

/** What a test says of a pod; the rest is what the namespace asks for. */
export interface PodInit {
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly spec: Readonly<Record<string, unknown>>
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

/** A container of the bucket lister, which fits the restricted Pod Security Standard. */
export const lister = (name: string, more: object = {}): object => ({
  name,
  image: 's3-bucket-lister:0.1.0',
  env: [
    { name: 'AWS_ENDPOINT_URL', value: 'https://emulator.aws-emulator.svc' },
    { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/emulator-ca/ca.crt' },
  ],
  volumeMounts: [{ name: 'emulator-ca', mountPath: '/etc/emulator-ca', readOnly: true }],
  securityContext: RESTRICTED,
  ...more,
})

/** Makes a pod that asks for credentials, beside the guide's. */
export async function createPod(name: string, { spec, ...metadata }: PodInit): Promise<Pod> {
  return node().admin.create(RESOURCES.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: TEAM,
      labels: { 'rolesanywhere.io/inject': 'true' },
      ...metadata,
    },
    spec: {
      serviceAccountName: 'bucket-lister',
      restartPolicy: 'Never',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ name: 'emulator-ca', configMap: { name: 'emulator-ca' } }],
      ...spec,
    },
  } as KubeObject as Pod)
}

/** Waits for what the API server says of a pod. */
export async function podWhen(
  name: string,
  condition: (pod: Pod) => boolean,
  { namespace = TEAM, limitMs = 45_000 } = {},
): Promise<Pod> {
  let last: Pod | undefined
  return eventually(async () => {
    last = await node().admin.get<Pod>(RESOURCES.pods, { namespace, name })
    return condition(last) ? last : undefined
  }, limitMs).catch((error: unknown) => {
    throw new Error(`pod ${name}: ${JSON.stringify(last?.status, null, 2)}`, { cause: error })
  })
}

/** The status of a container of any kind. */
export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  return [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container)
}

/** How a container ended, if it has. */
export const endOf = (pod: Pod, container: string): ContainerEnd | undefined =>
  statusOf(pod, container)?.state?.terminated

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

/** The only pod with a label, in the namespace of the guide's application. */
export async function podWith(labelSelector: string, namespace = TEAM): Promise<Pod> {
  const { items } = await node().admin.list<Pod>(RESOURCES.pods, { namespace, labelSelector })
  const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (!pod) throw new Error(`no pod with ${labelSelector}`)
  return pod
}

/** The serial number of the certificate in the Secret of the guide's application. */
export async function currentSerial(): Promise<bigint> {
  const key = { namespace: TEAM, name: 'bucket-lister-tls' }
  const { data } = await node().admin.get<SecretObject>(RESOURCES.secrets, key)
  const { serialNumber } = new X509Certificate(Buffer.from(data?.['tls.crt'] ?? '', 'base64'))
  return BigInt(`0x${serialNumber}`)
}

/** The process of a container, as the node sees it. */
export function processOf(pod: Pod, container: string): number {
  const id = statusOf(pod, container)?.containerID?.replace('containerd://', '') ?? ''
  const [, pid] = new RegExp(`^${id}\\s+(\\d+)`, 'm').exec(node().runtime.ctr('tasks', 'ls')) ?? []
  if (pid === undefined) throw new Error(`no process of ${container}`)
  return Number(pid)
}
