import type { Fields } from './pod/pod.js'

/** A pod that is to be created, and what the cluster says about it. */
export interface InjectionRequest {
  /** The parsed pod. Read, never changed. */
  readonly pod: unknown
  /** The namespace of the request: the pod itself names none when a controller makes it. */
  readonly namespace: string
  /** Only pods that are created are touched; ephemeral containers come with an update and get nothing. */
  readonly operation: string
  readonly serviceAccountAnnotations?: Fields
  readonly namespaceAnnotations?: Fields
  /** Tell of service meshes that have not put in their proxy yet. */
  readonly namespaceLabels?: Fields
  /** How long the pod's name can become, where a controller is still to make it. */
  readonly longestPodName?: number
  /** Of the API server; absent: whatever the configuration says, else one with native sidecars. */
  readonly serverVersion?: ServerVersion
}

/** Version of a Kubernetes API server. */
export interface ServerVersion {
  readonly major: number
  readonly minor: number
}

/**
 * Reads `1.34`, `v1.34.2` or what a cloud makes of it, such as `v1.34.2-eks-1234` or `1.34+`.
 *
 * @returns `undefined` for everything else.
 */
export function parseServerVersion(text: string): ServerVersion | undefined {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,4})(?:[.+-].*)?$/.exec(text) ?? []
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) }
}
