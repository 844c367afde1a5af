import {
  FILE_KEEPER,
  FILE_MOUNT,
  IDENTITY_MOUNT,
  roleTokenMount,
  roleTokenVolume,
  SIDECAR,
  TOKEN_MAKER,
  TOKEN_MOUNT,
  TOKEN_VOLUME,
} from '../names.js'
import { fieldAt, type Fields, type Pod } from './pod.js'
import { POD_NAME_VARIABLE } from './session-name.js'
import { noApiTokenMounts } from './volumes.js'
import {
  endingArguments,
  serveArguments,
  type SidecarInit,
  updateArguments,
} from './sidecar-arguments.js'

/** The container that serves credentials. */
export function sidecarContainer(init: SidecarInit): Fields {
  const { placement, ports } = init
  const native = placement.mode === 'native'
  return {
    name: SIDECAR,
    ...program(init, [...serveArguments(init), ...endingArguments(init)]),
    ports: [{ name: 'rolesanywhere', containerPort: ports.health, protocol: 'TCP' }],
    ...(native && { restartPolicy: 'Always', ...startupProbe(init) }),
    volumeMounts: [identityMount(init), ...tokenMounts(init), ...noApiTokenMounts(init.pod)],
  }
}

/** The init container that makes the tokens and ends. It never sees the private key. */
export function tokenMaker(init: SidecarInit): Fields {
  const args = [...serveArguments(init), '--make-token-files']
  const volumeMounts = [...tokenMounts(init), ...noApiTokenMounts(init.pod)]
  return { name: TOKEN_MAKER, ...program(init, args), volumeMounts }
}

/** The container that keeps the credentials file of the default role fresh. */
export function fileKeeper(init: SidecarInit): Fields {
  return {
    name: FILE_KEEPER,
    ...program(init, updateArguments(init)),
    ...(init.placement.mode === 'native' && { restartPolicy: 'Always' }),
    volumeMounts: [
      identityMount(init),
      { name: FILE_KEEPER, mountPath: FILE_MOUNT },
      ...noApiTokenMounts(init.pod),
    ],
  }
}

/** What all of them have in common. */
function program(init: SidecarInit, args: readonly string[]): Fields {
  const { image, imagePullPolicy, resources } = init.config
  return {
    image,
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    args,
    ...environment(init),
    resources,
    securityContext: securityContext(init),
    terminationMessagePolicy: 'FallbackToLogsOnError',
  }
}

const identityMount = ({ identity }: SidecarInit): Fields => ({
  name: identity.name,
  mountPath: IDENTITY_MOUNT,
  readOnly: true,
})

function environment({ config, sessionName }: SidecarInit): Fields {
  const podName = {
    name: POD_NAME_VARIABLE,
    valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
  }
  const env = [...(sessionName?.needsPodName ? [podName] : []), ...config.env]
  return env.length === 0 ? {} : { env }
}

function tokenMounts({ guardedRoles }: SidecarInit): readonly Fields[] {
  return [
    { name: TOKEN_VOLUME, mountPath: TOKEN_MOUNT },
    ...guardedRoles.map((role) => ({
      name: roleTokenVolume(role),
      mountPath: roleTokenMount(role),
    })),
  ]
}

/**
 * At the pod's address, since the kubelet asks from outside of the pod. Five minutes, for a whole
 * cluster that starts at once is throttled by the service.
 */
function startupProbe({ placement, ports, config }: SidecarInit): Fields {
  if (placement.gate === 'none') return {}
  const path = placement.gate === 'credentials' ? '/readyz' : '/healthz'
  return {
    startupProbe: {
      httpGet: { path, port: ports.health },
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: config.startupSeconds,
    },
  }
}

/**
 * What the Pod Security Standard "restricted" asks for. The user stays open, so that a cluster can
 * assign one, unless the pod says root: then it is the image's own.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
function securityContext({ config, pod }: SidecarInit): Fields {
  const rootPod = Number(fieldAt(pod.spec.securityContext, 'runAsUser')) === 0
  const runAsUser = config.runAsUser ?? (rootPod ? IMAGE_USER : undefined)
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    ...(runAsUser !== undefined && { runAsUser }),
    runAsGroup: config.runAsGroup,
    seccompProfile: { type: 'RuntimeDefault' },
    ...appArmor(pod),
  }
}

/**
 * A profile that was written for the application would hold for the sidecar, too. Only then, since a
 * node need not have AppArmor.
 */
const appArmor = ({ spec }: Pod): Fields =>
  fieldAt(spec.securityContext, 'appArmorProfile', 'type') === 'Localhost'
    ? { appArmorProfile: { type: 'RuntimeDefault' } }
    : {}

/** User of the image, see Dockerfile. */
const IMAGE_USER = 65_532
