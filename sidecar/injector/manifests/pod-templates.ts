import { isFields, type Fields } from '../pod/pod.js'
import { pointer } from '../patch.js'

/** A pod, or what a controller makes pods from, inside of a document. */
export interface PodTemplate {
  /** JSON pointer of it; empty when the document itself is the pod. */
  readonly path: string
  /** The value at that path. */
  readonly pod: unknown
  /** `Deployment payments/app`, for messages. */
  readonly owner: string
  /** Namespace that the object names. */
  readonly namespace?: string
  /** How long the names of its pods can become; absent for a pod. */
  readonly longestPodName?: number
}

/** An object that may carry settings for the pods of the same stream. */
export interface AnnotatedObject {
  readonly kind: 'Namespace' | 'ServiceAccount'
  readonly name: string
  readonly namespace?: string
  readonly annotations: Fields
  readonly labels: Fields
}

/** Where each kind keeps its pod template. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ['template'],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** Groups of those kinds: a kind of the same name in another group is something else. */
const GROUPS = /^(?:v1|apps\/\w+|batch\/\w+|extensions\/\w+)$/

/** Objects of a document, a `List` taken apart, each with the path to it. */
export function objectsOf(
  document: unknown,
): readonly { object: Fields; path: readonly (string | number)[] }[] {
  if (!isFields(document)) return []
  const { kind, items } = document
  if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item, index) =>
      objectsOf(item).map(({ object, path }) => ({ object, path: ['items', index, ...path] })),
    )
  }
  return [{ object: document, path: [] }]
}

/** What controllers put behind their names at most: `-HASH-RANDOM`, or an instant and `-RANDOM`. */
const MAX_SUFFIX = 18

/** Kind, namespace and name of an object, for messages. */
export function ownerOf(object: Fields): string {
  const { namespace, name } = identityOf(object)
  return `${String(object['kind'])} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

/** All pods and pod templates of a document. */
export function podTemplatesOf(document: unknown): readonly PodTemplate[] {
  return objectsOf(document).flatMap(({ object, path }) => {
    const { kind, apiVersion } = object
    const steps =
      typeof kind === 'string' && Object.hasOwn(TEMPLATES, kind) ? TEMPLATES[kind] : undefined
    if (!steps || typeof apiVersion !== 'string' || !GROUPS.test(apiVersion)) return []
    const pod = steps.reduce<unknown>((at, step) => (isFields(at) ? at[step] : undefined), object)
    if (pod === undefined || pod === null) return []
    const { namespace, name } = identityOf(object)
    return [
      {
        path: pointer(...path, ...steps),
        pod,
        owner: ownerOf(object),
        ...(namespace !== undefined && { namespace }),
        ...(steps.length > 0 && { longestPodName: name.length + MAX_SUFFIX }),
      },
    ]
  })
}

/** All namespaces and service accounts of a document. */
export function annotatedObjectsOf(document: unknown): readonly AnnotatedObject[] {
  return objectsOf(document).flatMap(({ object }): AnnotatedObject[] => {
    const { kind, apiVersion, metadata } = object
    if ((kind !== 'Namespace' && kind !== 'ServiceAccount') || apiVersion !== 'v1') return []
    const { annotations, labels } = isFields(metadata) ? metadata : {}
    return [
      {
        kind,
        ...identityOf(object),
        annotations: isFields(annotations) ? annotations : {},
        labels: isFields(labels) ? labels : {},
      },
    ]
  })
}

function identityOf({ metadata }: Fields): { readonly name: string; readonly namespace?: string } {
  const { name, generateName, namespace } = isFields(metadata) ? metadata : {}
  const text = [name, generateName].find((each) => typeof each === 'string') ?? '(no name)'
  return {
    name: String(text),
    ...(typeof namespace === 'string' && namespace !== '' && { namespace }),
  }
}
