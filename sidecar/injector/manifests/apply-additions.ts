import { type PatchOperation, segmentsOf } from '../patch.js'

/**
 * A copy of a parsed document with additions applied. Numbers may be of any type.
 *
 * @throws TypeError when a path does not lead to a map or a list.
 */
export function applyAdditions(document: unknown, operations: readonly PatchOperation[]): unknown {
  const copy = unshared(document)
  for (const { path, value } of operations) {
    const steps = segmentsOf(path)
    const last = steps.at(-1) ?? ''
    const parent = steps.slice(0, -1).reduce<unknown>((at, step) => child(at, step), copy)
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last)
      parent.splice(index, 0, asParsed(value))
    } else if (typeof parent === 'object' && parent !== null) {
      ;(parent as Record<string, unknown>)[last] = asParsed(value)
    } else throw new TypeError(`no map or list at the parent of ${path}`)
  }
  return copy
}

/** A copy in which no two places are one object, as aliases of YAML are once they are read. */
function unshared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unshared)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unshared(each)]))
}

const child = (at: unknown, step: string): unknown =>
  typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined

/** Whole numbers as the YAML reader gives them when it is to keep every digit. */
function asParsed(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (Array.isArray(value)) return value.map(asParsed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asParsed(each)]))
}
