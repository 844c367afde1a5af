import { refusal } from '../refusal.js'

/** What is read of a variable. Its value is looked at only to recognise our own. */
export interface EnvVar {
  readonly name?: unknown
  readonly value?: unknown
}

/** What is read of a container; everything else in it is nobody's business here. */
export interface Container {
  readonly name: string
  readonly args?: readonly unknown[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly unknown[]
  readonly ports?: readonly Fields[]
  readonly resources?: Fields
  readonly restartPolicy?: unknown
  readonly volumeMounts?: readonly Fields[]
}

/** What is read of a pod. */
export interface Pod {
  readonly metadata?: {
    readonly name?: unknown
    readonly generateName?: unknown
    readonly labels?: Readonly<Record<string, unknown>>
    readonly annotations?: Readonly<Record<string, unknown>>
  }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
    readonly volumes?: readonly Fields[]
    readonly hostNetwork?: unknown
    readonly hostPID?: unknown
    readonly shareProcessNamespace?: unknown
    readonly restartPolicy?: unknown
    readonly terminationGracePeriodSeconds?: unknown
    readonly automountServiceAccountToken?: unknown
    readonly serviceAccountName?: unknown
    readonly serviceAccount?: unknown
    readonly nodeSelector?: Fields
    readonly affinity?: Fields
    readonly os?: Fields
    readonly securityContext?: Fields
  }
}

/** Whether a pod completes once its containers have ended, as those of a Job do. */
export const isToEnd = ({ restartPolicy }: Pod['spec']): boolean =>
  restartPolicy === 'Never' || restartPolicy === 'OnFailure'

/** A map of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a value is a map. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value at a path of maps. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isFields(at) ? at[key] : undefined), value)
}

/** The maps in a list; an empty list for everything else. */
export function listAt(value: unknown, ...path: readonly string[]): readonly Fields[] {
  const found = fieldAt(value, ...path)
  return Array.isArray(found) ? found.filter(isFields) : []
}

/**
 * Sees a parsed value as a pod. Only what the injector builds on is checked; the rest is for the API
 * server. `null` counts as absent, as it does there.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`, rule `pod-invalid`.
 */
export function readPod(value: unknown): Pod {
  const root = mapOf(value, 'the pod')
  const spec = mapOf(root['spec'], 'spec')
  const containers = containersOf(spec['containers'], 'spec.containers')
  if (!containers || containers.length === 0)
    throw invalid('spec.containers', 'a list of containers')
  const metadata = optionalMap(root['metadata'], 'metadata')
  const initContainers = containersOf(spec['initContainers'], 'spec.initContainers')
  const volumes = mapsOf(spec['volumes'], 'spec.volumes')
  return {
    ...(metadata && {
      metadata: {
        ...metadata,
        ...only('labels', optionalMap(metadata['labels'], 'metadata.labels')),
        ...only('annotations', optionalMap(metadata['annotations'], 'metadata.annotations')),
      },
    }),
    spec: {
      ...without(spec, ['initContainers', 'volumes', 'nodeSelector', 'affinity', 'os']),
      containers,
      ...only('initContainers', initContainers),
      ...only('volumes', volumes),
      ...only('nodeSelector', optionalMap(spec['nodeSelector'], 'spec.nodeSelector')),
      ...only('affinity', optionalMap(spec['affinity'], 'spec.affinity')),
      ...only('os', optionalMap(spec['os'], 'spec.os')),
      ...only('securityContext', optionalMap(spec['securityContext'], 'spec.securityContext')),
    },
  }
}

function containersOf(value: unknown, where: string): readonly Container[] | undefined {
  return mapsOf(value, where)?.map((container, index) => {
    const at = `${where}[${index}]`
    const name = container['name']
    if (typeof name !== 'string') throw invalid(`${at}.name`, 'a name')
    const lists = ['env', 'ports', 'volumeMounts'].map((key) =>
      only(key, mapsOf(container[key], `${at}.${key}`)),
    )
    const plain = ['args', 'envFrom'].map((key) =>
      only(key, listOf(container[key], `${at}.${key}`)),
    )
    return Object.assign(
      { name },
      only('restartPolicy', container['restartPolicy']),
      only('resources', optionalMap(container['resources'], `${at}.resources`)),
      ...lists,
      ...plain,
    ) as Container
  })
}

function mapsOf(value: unknown, where: string): readonly Fields[] | undefined {
  return listOf(value, where)?.map((item, index) => mapOf(item, `${where}[${index}]`))
}

function listOf(value: unknown, where: string): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value as readonly unknown[]
  throw invalid(where, 'a list')
}

function optionalMap(value: unknown, where: string): Fields | undefined {
  return value === undefined || value === null ? undefined : mapOf(value, where)
}

function mapOf(value: unknown, where: string): Fields {
  if (isFields(value)) return value
  throw invalid(where, 'a map')
}

function only<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined || value === null
    ? {}
    : ({ [key]: value } as { readonly [P in K]?: V })
}

function without(map: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(
    Object.entries(map).filter(([key, value]) => !keys.includes(key) && value !== null),
  )
}

const invalid = (where: string, what: string): Error =>
  refusal('pod-invalid', `${where} is not ${what}`, 'the API server would refuse the pod, too')
