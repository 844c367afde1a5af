import { SIDECAR } from '../names.js'
import { refusal, type Warn } from '../refusal.js'
import type { ServerVersion } from '../request.js'
import type { GATES, InjectionSettings, Position } from '../settings/resolve-settings.js'
import type { Mesh } from './mesh.js'
import { type Container, isToEnd, type Pod } from './pod.js'

/** How and where the sidecar runs. */
export interface Placement {
  /** `native`: an init container that goes on running; `container`: beside the application. */
  readonly mode: 'native' | 'container'
  /** Index in its list, before anything is added. */
  readonly index: number
  /** What the containers behind it wait for; nothing waits for one that is beside them. */
  readonly gate: Exclude<(typeof GATES)[number], 'auto'>
  /** Whether an init container of its own has to make the tokens. */
  readonly tokenMaker: boolean
}

/** Minor version 1.x from which every node that the API server allows knows native sidecars. */
const EVERY_KUBELET = 32
/** Minor version 1.x from which the API server does. */
const API_SERVER = 29

/**
 * Decides how the sidecar runs. One that is there already stays as it is: a patch only adds.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function placementOf(
  pod: Pod,
  settings: InjectionSettings,
  context: {
    readonly serverVersion: ServerVersion | undefined
    readonly mesh: Mesh | undefined
    readonly warn: Warn
  },
): Placement {
  const existing = existingPlacement(pod)
  if (existing) return existing
  const { mesh, warn } = context
  const mode = modeOf(pod, settings, context)
  if (mode === 'container') {
    checkAllEnd(pod, settings)
    if (settings.gate !== 'auto' && settings.gate !== 'none') {
      warn('gate-without-effect', 'startup-gate has no effect on a sidecar in container mode')
    }
    const index = indexIn(pod.spec.containers, settings.position, 'last')
    return { mode, index, gate: 'none', tokenMaker: true }
  }
  const gate = gateOf(settings, mesh, warn)
  const auto: Position = mesh?.nativeProxy
    ? { kind: 'after', container: mesh.nativeProxy }
    : { kind: 'first' }
  const position = settings.position.kind === 'auto' ? auto : settings.position
  const index = indexIn(pod.spec.initContainers ?? [], position, 'first')
  return { mode, index, gate, tokenMaker: gate === 'none' }
}

function existingPlacement({ spec }: Pod): Placement | undefined {
  const rest = { gate: 'none', tokenMaker: false } as const
  const native = (spec.initContainers ?? []).findIndex(({ name }) => name === SIDECAR)
  if (native >= 0) return { mode: 'native', index: native, ...rest }
  const beside = spec.containers.findIndex(({ name }) => name === SIDECAR)
  return beside < 0 ? undefined : { mode: 'container', index: beside, ...rest }
}

function modeOf(
  { spec }: Pod,
  settings: InjectionSettings,
  { serverVersion, warn }: { serverVersion: ServerVersion | undefined; warn: Warn },
): Placement['mode'] {
  const minor =
    serverVersion === undefined || serverVersion.major > 1 ? EVERY_KUBELET : serverVersion.minor
  const ends = isToEnd(spec)
  if (settings.mode === 'native' && minor < API_SERVER) {
    throw refusal(
      'sidecar-mode',
      `Kubernetes 1.${minor} has no native sidecars: the pod would wait for ever`,
      'they need 1.29; use sidecar-mode container',
    )
  }
  if (settings.mode === 'container') {
    if (ends && !settings.appQuitsSidecar) {
      warn(
        'pod-would-not-end',
        'a sidecar in container mode runs on after the application has ended',
      )
    }
    return 'container'
  }
  if (settings.mode === 'native' || minor >= EVERY_KUBELET) return 'native'
  if (!ends) return 'container'
  if (minor >= API_SERVER) {
    warn(
      'kubelet-version',
      'the sidecar is a native one, since the pod is to end: nodes need Kubernetes 1.29',
    )
    return 'native'
  }
  if (settings.appQuitsSidecar) return 'container'
  throw refusal(
    'pod-would-not-end',
    `restartPolicy ${String(spec.restartPolicy)} on Kubernetes 1.${minor}: without native sidecars the pod would never complete`,
    'run the program under "rolesanywhere exec" in its own image, quit the sidecar at the end and say so with app-quits-sidecar, or accept it with sidecar-mode container',
  )
}

/** Quitting the sidecar leaves the container that keeps a credentials file, which has no listener. */
function checkAllEnd({ spec }: Pod, { appQuitsSidecar, credentialsFile }: InjectionSettings): void {
  if (!isToEnd(spec) || !appQuitsSidecar || !credentialsFile) return
  throw refusal(
    'pod-would-not-end',
    'app-quits-sidecar does not end the container that credentials-file adds',
    'leave one of the two annotations out',
  )
}

function gateOf(
  { gate }: InjectionSettings,
  mesh: Mesh | undefined,
  warn: Warn,
): Placement['gate'] {
  if (!mesh) return gate === 'auto' ? 'credentials' : gate
  if (gate === 'auto') {
    const where = mesh.nativeProxy ? `behind ${mesh.nativeProxy}` : 'first'
    warn(
      'mesh',
      `${mesh.name} noticed: the sidecar is ${where} and nothing waits for its first session, since its network may not be there yet`,
    )
    return 'none'
  }
  if (gate !== 'none') {
    warn(
      'mesh',
      `${mesh.name} noticed: with startup-gate ${gate} the pod hangs unless the sidecar's traffic and probe bypass the proxy`,
    )
  }
  return gate
}

function indexIn(
  list: readonly Container[],
  position: Position,
  otherwise: 'first' | 'last',
): number {
  if (position.kind === 'after') {
    const found = list.findIndex(({ name }) => name === position.container)
    if (found >= 0) return found + 1
    throw refusal(
      'annotation-invalid',
      `sidecar-position: there is no container "${position.container}" to come after`,
      'native sidecars go among the init containers, others among the containers',
    )
  }
  const kind = position.kind === 'auto' ? otherwise : position.kind
  return kind === 'first' ? 0 : list.length
}
