import { INJECT_LABEL } from '../annotations.js'
import { pointer } from '../patch.js'
import { fieldAt, type Fields, isFields } from '../pod/pod.js'
import { objectsOf, ownerOf, podTemplatesOf } from './pod-templates.js'

/** A label that asks for injection where nobody listens. */
export interface IdleLabel {
  /** `Deployment payments/app`. */
  readonly owner: string
  /** JSON pointer of the value that it belongs to. */
  readonly path: string
  readonly message: string
}

/** Deeper than anything that people write. */
const MAX_DEPTH = 64

/**
 * Labels of a document that look as if they would do something: another value than `true`, on a
 * controller instead of its pods, or in a kind whose pod template is not known here. The label of an
 * object that has no pods is none of them, since kustomize gives labels to everything.
 */
export function idleLabelsOf(document: unknown, prefix: string): readonly IdleLabel[] {
  const label = `${prefix}/${INJECT_LABEL}`
  const templates = podTemplatesOf(document)
  const ofTemplates = templates.flatMap(({ owner, path, pod }): IdleLabel[] => {
    const value = labelOf(pod, label)
    if (value === undefined || value === 'true' || value === 'false') return []
    const message = `label ${label} asks for nothing unless it is "true", in quotes`
    return [{ owner, path, message }]
  })
  const ofObjects = objectsOf(document).flatMap(({ object, path: steps }): IdleLabel[] => {
    const owner = ownerOf(object)
    const path = pointer(...steps)
    const inside = templates.filter((template) => isInside(template.path, path))
    if (inside.some((template) => template.path === path)) return []
    if (inside.length === 0) {
      if (!hasDeepLabel(object, label)) return []
      const message = `its pod template is not known here: only the webhook follows ${label}`
      return [{ owner, path, message }]
    }
    const onPods = inside.some(({ pod }) => labelOf(pod, label) !== undefined)
    if (onPods || labelOf(object, label) !== 'true') return []
    const message = `label ${label} has to be on its pods: in the metadata of the template`
    return [{ owner, path, message }]
  })
  return [...ofTemplates, ...ofObjects]
}

const labelOf = (object: unknown, label: string): unknown =>
  fieldAt(object, 'metadata', 'labels', label)

const isInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}/`)

/** Whether a map of labels asks for injection, below the metadata of the object itself. */
function hasDeepLabel(object: Fields, label: string): boolean {
  const search = (value: unknown, depth: number): boolean => {
    if (depth > MAX_DEPTH) return false
    if (Array.isArray(value)) return value.some((item) => search(item, depth + 1))
    if (!isFields(value)) return false
    if (fieldAt(value, 'labels', label) === 'true') return true
    return Object.values(value).some((inner) => search(inner, depth + 1))
  }
  return Object.entries(object).some(([key, value]) => key !== 'metadata' && search(value, 0))
}
