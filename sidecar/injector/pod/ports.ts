import { SIDECAR } from '../names.js'
import { refusal } from '../refusal.js'
import type { Container, Pod } from './pod.js'

/** Where the sidecar listens. */
export interface Ports {
  readonly credentials: number
  readonly health: number
}

const TRIES = 50

/**
 * Two ports that no container of the pod says it uses: the wanted ones, else the next two that are
 * free. A sidecar that is there keeps its own.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`, rule `ports-taken`.
 */
export function choosePorts({ spec }: Pod, wanted: Ports): Ports {
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const kept = all.filter(({ name }) => name === SIDECAR).map(portsOf)[0]
  if (kept) return kept
  const taken = new Set(
    all.flatMap(({ ports = [] }) =>
      ports.flatMap(({ containerPort, hostPort }) => [Number(containerPort), Number(hostPort)]),
    ),
  )
  for (let step = 0; step < TRIES; step++) {
    const credentials = wanted.credentials + 2 * step
    const health = wanted.health + 2 * step
    if (!taken.has(credentials) && !taken.has(health)) return { credentials, health }
  }
  throw refusal('ports-taken', `no two free ports from ${wanted.credentials} on`)
}

/** What the arguments of a sidecar say. */
function portsOf({ args = [] }: Container): Ports | undefined {
  const portIn = (flag: string): number =>
    Number(
      args
        .map((arg) => new RegExp(`^--${flag}=.*:(\\d{1,5})$`).exec(String(arg))?.[1])
        .find((port) => port !== undefined),
    )
  const found = { credentials: portIn('listen'), health: portIn('health-listen') }
  return found.credentials > 0 && found.health > 0 ? found : undefined
}
