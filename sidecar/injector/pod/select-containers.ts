import type { InjectorConfig } from '../config/injector-config.js'
import { OWN_CONTAINERS } from '../names.js'
import type { Warn } from '../refusal.js'
import { globMatches } from '../settings/allow-list.js'
import type { InjectionSettings } from '../settings/resolve-settings.js'
import type { Placement } from './placement.js'
import type { Container, Pod } from './pod.js'

/** A container and where it is in the pod. */
export interface Selected {
  readonly container: Container
  readonly path: readonly (string | number)[]
}

/**
 * Containers that get credentials: those that the pod names, else all but the ones that it or the
 * configuration leaves out. An init container that has ended before the sidecar serves gets none.
 */
export function selectContainers(
  { spec }: Pod,
  settings: InjectionSettings,
  context: {
    readonly config: InjectorConfig
    readonly placement: Placement
    readonly warn: Warn
  },
): readonly Selected[] {
  const { config, placement, warn } = context
  const { containers, skipContainers, containerRoles } = settings
  const asks = ({ name }: Container): boolean => {
    if (OWN_CONTAINERS.includes(name) || skipContainers.includes(name)) return false
    if (containers) return containers.includes(name)
    return !config.skipContainers.some((pattern) => globMatches(pattern, name))
  }
  const all = [...(spec.initContainers ?? []), ...spec.containers]
  const names = new Set(all.map(({ name }) => name))
  for (const [annotation, named] of [
    ['containers', containers ?? []],
    ['skip-containers', skipContainers],
    ['container-roles', [...containerRoles.keys()]],
  ] as const) {
    const unknown = named.filter((name) => !names.has(name))
    if (unknown.length > 0) {
      warn(
        'container-unknown',
        `${annotation} names no container of this pod: ${unknown.join(', ')}`,
      )
    }
  }
  const skipped = all.filter((each) => containerRoles.has(each.name) && !asks(each))
  for (const { name } of skipped) {
    warn('role-unused', `container-roles has a role for "${name}", which gets no credentials`)
  }
  const early = (container: Container, index: number): boolean =>
    placement.mode === 'native' ? index < placement.index : container.restartPolicy !== 'Always'
  const init = (spec.initContainers ?? []).flatMap((container, index): Selected[] => {
    if (!asks(container)) return []
    if (!early(container, index)) {
      return [{ container, path: ['spec', 'initContainers', index] }]
    }
    warn(
      'init-without-credentials',
      `init container "${container.name}" runs before the sidecar and gets no credentials`,
    )
    return []
  })
  const main = spec.containers.flatMap((container, index): Selected[] =>
    asks(container) ? [{ container, path: ['spec', 'containers', index] }] : [],
  )
  const selected = [...init, ...main]
  if (selected.length === 0) {
    warn('containers-none', 'the pod gets a sidecar, and none of its containers gets credentials')
  }
  return selected
}
