import type { KubeObject } from '../../kube/objects.js'
import type { Fields } from '../pod/pod.js'

/** What the injector remembers of a namespace or a service account. */
export interface Remembered {
  readonly annotations: Fields
  readonly labels: Fields
}

const NOTHING: Fields = Object.freeze({})
const PLAIN: Remembered = Object.freeze({ annotations: NOTHING, labels: NOTHING })

/** Labels of namespaces that tell of a service mesh. */
const MESH_LABEL = /(^|[./])(istio|linkerd)\b/

/**
 * Picks what can matter for injection, so that ten thousand service accounts without annotations of
 * ours share one empty object.
 */
export function remember(prefix: string): (object: KubeObject) => Remembered {
  return ({ metadata: { annotations, labels } }) => {
    const ours = pick(annotations, (key) => key.startsWith(`${prefix}/`) || MESH_LABEL.test(key))
    const meshes = pick(labels, (key) => MESH_LABEL.test(key))
    if (ours === NOTHING && meshes === NOTHING) return PLAIN
    return { annotations: ours, labels: meshes }
  }
}

function pick(
  from: Readonly<Record<string, string>> | undefined,
  wanted: (key: string) => boolean,
): Fields {
  const found = Object.entries(from ?? {}).filter(([key]) => wanted(key))
  return found.length === 0 ? NOTHING : Object.fromEntries(found)
}
