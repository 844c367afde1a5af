/** The part of an object's metadata that this program reads or writes. */
export interface ObjectMeta {
  readonly name: string
  /** Absent for cluster-wide objects. */
  readonly namespace?: string
  readonly uid?: string
  /** Opaque; compared for equality only, by the API server. */
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly deletionTimestamp?: string
  readonly ownerReferences?: readonly unknown[]
}

/** Any object of the API, as JSON. Fields that this program does not know stay in it. */
export interface KubeObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: ObjectMeta
}

/** One page of a list. */
export interface KubeList<T> {
  readonly metadata: {
    readonly resourceVersion?: string
    /** Present when there are more pages. */
    readonly continue?: string
  }
  readonly items: readonly T[]
}

/**
 * What a list or a watch is about.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
export interface Resource {
  /** `''` for the core group. */
  readonly group: string
  readonly version: string
  /** Lower case and plural: `serviceaccounts`. */
  readonly plural: string
}

/** The resources that this program talks about. */
export const RESOURCES = {
  namespaces: { group: '', version: 'v1', plural: 'namespaces' },
  pods: { group: '', version: 'v1', plural: 'pods' },
  secrets: { group: '', version: 'v1', plural: 'secrets' },
  serviceAccounts: { group: '', version: 'v1', plural: 'serviceaccounts' },
  configMaps: { group: '', version: 'v1', plural: 'configmaps' },
  events: { group: 'events.k8s.io', version: 'v1', plural: 'events' },
  leases: { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' },
  csiDrivers: { group: 'storage.k8s.io', version: 'v1', plural: 'csidrivers' },
  issuers: { group: 'cert-manager.io', version: 'v1', plural: 'issuers' },
  clusterIssuers: { group: 'cert-manager.io', version: 'v1', plural: 'clusterissuers' },
  mutatingWebhooks: {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural: 'mutatingwebhookconfigurations',
  },
} as const satisfies Record<string, Resource>

/**
 * Path of a collection or, with a name, of one object. Names go through percent-encoding, so that
 * none of them can lead to another resource.
 *
 * @param namespace Absent: all namespaces, or a resource that has none.
 */
export function resourcePath(resource: Resource, namespace?: string, name?: string): string {
  const { group, version, plural } = resource
  return [
    group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    ...(namespace === undefined ? [] : ['namespaces', encodeURIComponent(namespace)]),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
  ].join('/')
}
