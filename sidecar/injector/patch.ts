/** One operation of a JSON patch. Nothing here ever removes or replaces. */
export interface PatchOperation {
  readonly op: 'add'
  /** RFC 6901; a last segment `-` stands for the end of a list. */
  readonly path: string
  readonly value: unknown
}

/**
 * JSON pointer of its segments: `~` is escaped first, then `/`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6901#section-3
 */
export const pointer = (...segments: readonly (string | number)[]): string =>
  segments
    .map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')

/** Segments of a JSON pointer. */
export const segmentsOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))

/**
 * Operations that append to a list: one per item when the list is there, so that each touches one
 * item and the edits of other webhooks survive; the whole list when it is absent.
 */
export function append(
  list: readonly unknown[] | undefined,
  path: string,
  items: readonly unknown[],
): PatchOperation[] {
  if (items.length === 0) return []
  if (!list) return [{ op: 'add', path, value: items }]
  return items.map((value) => ({ op: 'add', path: `${path}/-`, value }))
}

/** As {@link append}, at an index: the first item comes to lie there, the others behind it. */
export function insertAt(
  list: readonly unknown[] | undefined,
  path: string,
  { index, items }: { readonly index: number; readonly items: readonly unknown[] },
): PatchOperation[] {
  if (!list || index >= list.length) return append(list, path, items)
  return items.map((value, offset) => ({ op: 'add', path: `${path}/${index + offset}`, value }))
}

/** Operations that set keys of a map that are absent. */
export function addKeys(
  map: Readonly<Record<string, unknown>> | undefined,
  path: string,
  entries: Readonly<Record<string, unknown>>,
): PatchOperation[] {
  const absent = Object.entries(entries).filter(([key]) => !Object.hasOwn(map ?? {}, key))
  if (absent.length === 0) return []
  if (!map) return [{ op: 'add', path, value: Object.fromEntries(absent) }]
  return absent.map(([key, value]) => ({ op: 'add', path: path + pointer(key), value }))
}
