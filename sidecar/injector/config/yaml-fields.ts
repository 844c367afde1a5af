import { isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml'
import { RolesAnywhereError } from '../../../src/errors.js'

/** A value of a configuration file that knows where it is written. */
export interface Field {
  readonly node: Node | null
  /** `sidecar.image`, or the file itself. */
  readonly path: string
  readonly file: ConfigFile
}

/** The file that fields belong to. */
export interface ConfigFile {
  readonly name: string
  readonly lines: LineCounter
}

/** Reads one value, or throws {@link invalid}. */
export type Reader<T> = (field: Field) => T

/** The error that names file, line, column and field. */
export function invalid(
  { node, path, file }: Field,
  problem: string,
  hint?: string,
): RolesAnywhereError {
  const { line, col } = file.lines.linePos(node?.range?.[0] ?? 0)
  return new RolesAnywhereError(
    'ERR_RA_INJECTOR_CONFIG_INVALID',
    `${file.name}:${line}:${col}: ${path === '' ? 'the file' : path} ${problem}`,
    { hint: hint ?? 'docs/injector.md describes the file' },
  )
}

/**
 * Reads a map whose keys are all known.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTOR_CONFIG_INVALID`.
 */
export function readMap<T extends object>(
  field: Field,
  readers: { readonly [K in keyof T]-?: Reader<T[K]> },
): Partial<T> {
  const known = Object.keys(readers)
  const result: Partial<T> = {}
  for (const [key, value] of entries(field)) {
    if (!known.includes(key)) {
      throw invalid(value, 'is no key here', `keys: ${known.join(', ')}`)
    }
    // A key without a value is as good as absent.
    if (value.node === null || (isScalar(value.node) && value.node.value === null)) continue
    result[key as keyof T] = readers[key as keyof T](value)
  }
  return result
}

/** Keys and values of a map, in order; empty for a field without a value. */
export function entries(field: Field): readonly (readonly [key: string, value: Field])[] {
  const { node, path, file } = field
  if (node === null || (isScalar(node) && node.value === null)) return []
  if (!isMap(node)) throw invalid(field, 'is not a map')
  return (node as YAMLMap<Node, Node | null>).items.map(({ key, value }) => {
    const at = { node: value ?? key, path, file }
    if (!isScalar(key) || typeof key.value !== 'string')
      throw invalid(at, 'has a key that is no text')
    const name = path === '' ? key.value : `${path}.${key.value}`
    return [key.value, { node: value, path: name, file }] as const
  })
}

/** Reads a list of at most a thousand items. */
export const readList =
  <T>(item: Reader<T>): Reader<readonly T[]> =>
  (field) => {
    const { node, path, file } = field
    if (!isSeq(node)) throw invalid(field, 'is not a list')
    if (node.items.length > 1000) throw invalid(field, 'has more than 1000 items')
    return node.items.map((each, index) =>
      item({ node: each as Node | null, path: `${path}[${index}]`, file }),
    )
  }

/** Reads text that is not empty. */
export const readText: Reader<string> = (field) => {
  const value = scalar(field)
  if (typeof value === 'string' && value !== '') return value
  throw invalid(field, 'is not text', 'put it in quotes')
}

/** Reads text of a form. */
export const readTextLike =
  (form: RegExp, what: string): Reader<string> =>
  (field) => {
    const text = readText(field)
    if (form.test(text)) return text
    throw invalid(field, `is not ${what}`)
  }

/** Reads one of some words. */
export const readWord =
  <T extends string>(words: readonly T[]): Reader<T> =>
  (field) => {
    const value = scalar(field)
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    throw invalid(field, `is not one of ${words.join(', ')}`)
  }

/** Reads a whole number of a range. */
export const readNumber =
  (least: number, most: number): Reader<number> =>
  (field) => {
    const value = scalar(field)
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most)
      return Number(value)
    throw invalid(field, `is not a whole number from ${least} to ${most}`)
  }

/** Reads a map of which the API server knows more than we do. */
export const readPlainMap: Reader<Readonly<Record<string, unknown>>> = (field) => {
  if (isMap(field.node)) return field.node.toJSON() as Readonly<Record<string, unknown>>
  throw invalid(field, 'is not a map')
}

function scalar(field: Field): unknown {
  if (isScalar(field.node)) return field.node.value
  throw invalid(field, 'is not a single value')
}
