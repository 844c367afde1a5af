import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { type PatchOperation, segmentsOf } from '../patch.js'

/** How documents have to be read for {@link editsFor}. */
export const PARSE = { keepSourceTokens: true, prettyErrors: false, merge: true } as const

/** A piece of text to put in; only an explicit `null` is ever put out for it. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
  /** How deep the list or map lies that grows: where several end at one place, the deepest ends first. */
  readonly depth: number
}

/** Why text cannot take an operation, and where. */
export interface EditProblem {
  readonly problem: string
  readonly offset: number
}

/**
 * Edits that apply a patch to the text that a document was read from, by inserting lines or pieces of
 * flow style. Every byte that is there stays, in its order: comments, quotes, numbers of any size.
 *
 * @param root The document's contents, with offsets in `text`.
 */
export function editsFor(
  text: string,
  root: Node | null,
  operations: readonly PatchOperation[],
): { readonly edits: readonly Edit[] } | EditProblem {
  const edits: Edit[] = []
  for (const { parent, entries } of grouped(operations)) {
    const found = nodeAt(root, parent)
    if ('problem' in found) return found
    const made = editsOf(text, found.node, entries)
    if ('problem' in made) return made
    edits.push(...made.map((edit) => ({ ...edit, depth: parent.length })))
  }
  return { edits }
}

/** Text with edits applied. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.depth - a.depth)
  let at = 0
  const parts = sorted.flatMap(({ start, end, text: piece }) => {
    const before = text.slice(at, start)
    at = end
    return [before, piece]
  })
  return parts.join('') + text.slice(at)
}

interface Group {
  readonly parent: readonly string[]
  /** What is added at one place, in order, by the last segment of its path. */
  readonly entries: { readonly key: string; readonly value: unknown }[]
}

/** Additions to one list or map that follow one another become one edit. */
function grouped(operations: readonly PatchOperation[]): readonly Group[] {
  const groups: (Group & { readonly path: string })[] = []
  for (const { path, value } of operations) {
    const parent = segmentsOf(path)
    const key = parent.at(-1) ?? ''
    const at = path.slice(0, path.lastIndexOf('/'))
    const last = groups.at(-1)
    if (last?.path === at) last.entries.push({ key, value })
    else groups.push({ path: at, parent: parent.slice(0, -1), entries: [{ key, value }] })
  }
  return groups
}

function nodeAt(
  root: Node | null,
  steps: readonly string[],
): { readonly node: Node | null } | EditProblem {
  let node = root
  let offset = root?.range?.[0] ?? 0
  for (const step of steps) {
    const next = isMap(node)
      ? pairOf(node, step)?.value
      : isSeq(node)
        ? node.items[Number(step)]
        : null
    if (next === undefined || next === null) {
      return { problem: `"${step}" comes in by a merge key (<<): write it out`, offset }
    }
    node = next as Node
    offset = node.range?.[0] ?? offset
    if (isAlias(node)) {
      return { problem: `"${step}" is an alias (*${node.source}): write it out`, offset }
    }
  }
  return { node }
}

type TextEdit = Omit<Edit, 'depth'>
type AnyPair = YAMLMap<Node, Node | null>['items'][number]

const itemsOf = (map: YAMLMap): readonly AnyPair[] => (map as YAMLMap<Node, Node | null>).items

const pairOf = (map: YAMLMap, key: string): AnyPair | undefined =>
  itemsOf(map).find(({ key: each }) => isScalar(each) && each.value === key)

function editsOf(
  text: string,
  node: Node | null,
  entries: Group['entries'],
): readonly TextEdit[] | EditProblem {
  if (isMap(node)) return mapEdits(text, node, entries)
  const offset = node?.range?.[0] ?? 0
  if (!isSeq(node)) return { problem: 'is neither a map nor a list', offset }
  const [first] = entries
  const index = first?.key === '-' ? node.items.length : Number(first?.key)
  return [seqEdit(text, node, { index, values: entries.map(({ value }) => value) })]
}

function mapEdits(
  text: string,
  map: YAMLMap,
  entries: Group['entries'],
): readonly TextEdit[] | EditProblem {
  const edits: TextEdit[] = []
  for (const { key, value } of entries) {
    const existing = pairOf(map, key)
    if (!existing) continue
    const edit = nullEdit(text, existing, value)
    if ('problem' in edit) return edit
    edits.push(edit)
  }
  const absent = entries.filter(({ key }) => !pairOf(map, key))
  return absent.length === 0 ? edits : [...edits, newKeysEdit(text, map, absent)]
}

function newKeysEdit(text: string, map: YAMLMap, entries: Group['entries']): TextEdit {
  const last = itemsOf(map).at(-1)
  if (map.flow || !last) {
    const pieces = entries.map(({ key, value }) => `${flow(key)}: ${flow(value)}`)
    return flowEdit(map, { index: map.items.length, pieces })
  }
  const added = Object.fromEntries(entries.map(({ key, value }) => [key, value]))
  return linesAfter(text, last, block(added, columnOf(text, last.key.range?.[0] ?? 0), text))
}

function seqEdit(
  text: string,
  seq: YAMLSeq,
  { index, values }: { readonly index: number; readonly values: readonly unknown[] },
): TextEdit {
  if (seq.flow || seq.items.length === 0) return flowEdit(seq, { index, pieces: values.map(flow) })
  const dash = dashOf(seq)
  const lines = block(values, columnOf(text, dash), text)
  if (index > 0) return linesAfter(text, seq.items[index - 1], lines)
  const start = lineStart(text, dash)
  return { start, end: start, text: lines }
}

/** `env:` and `env: null` are there and empty. */
function nullEdit(
  text: string,
  { key, value: node }: AnyPair,
  value: unknown,
): TextEdit | EditProblem {
  if (!isScalar(node) || node.value !== null) {
    return { problem: 'is there already', offset: key.range?.[0] ?? 0 }
  }
  const [start = 0, end = start] = node.range ?? []
  if (start < end) return { start, end, text: flow(value) }
  // A comment may follow, so it goes right behind the colon.
  const colon = text.indexOf(':', endOf(key)) + 1
  return { start: colon, end: colon, text: ` ${flow(value)}` }
}

/** Where a value ends, without the comments and blank lines behind it. */
function endOf(item: unknown): number {
  if (typeof item !== 'object' || item === null) return 0
  if ('key' in item && 'value' in item) return Math.max(endOf(item.key), endOf(item.value))
  const node = item as Node
  if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) {
    return endOf(node.items.at(-1))
  }
  return node.range?.[1] ?? 0
}

/** Whole lines, behind the line on which a value ends. */
function linesAfter(text: string, item: unknown, lines: string): TextEdit {
  const end = endOf(item)
  const feed = end > 0 && text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end)
  if (feed >= 0) return { start: feed + 1, end: feed + 1, text: lines }
  const eol = lineEnd(text)
  return { start: text.length, end: text.length, text: eol + lines.slice(0, -eol.length) }
}

const lineStart = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1
const columnOf = (text: string, offset: number): number => offset - lineStart(text, offset)
const lineEnd = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n')

/** Offset of the dash of the first item. */
function dashOf(seq: YAMLSeq): number {
  const token = seq.srcToken
  const [item] = token && 'items' in token ? token.items : []
  const dash = item?.start.find(({ type }) => type === 'seq-item-ind')
  return dash?.offset ?? seq.range?.[0] ?? 0
}

/** Words that an older reader of YAML takes for something else are quoted. */
const STYLE = {
  version: '1.1',
  indent: 2,
  lineWidth: 0,
  blockQuote: false,
  aliasDuplicateObjects: false,
} as const

function block(value: unknown, column: number, text: string): string {
  const indent = ' '.repeat(column)
  const eol = lineEnd(text)
  return stringify(value, STYLE)
    .trimEnd()
    .split('\n')
    .map((line) => indent + line + eol)
    .join('')
}

/** Flow style is JSON, so that a JSON document stays one. */
const flow = (value: unknown): string => JSON.stringify(value)

function flowEdit(
  node: YAMLMap | YAMLSeq,
  { index, pieces }: { readonly index: number; readonly pieces: readonly string[] },
): TextEdit {
  const at = (offset: number, text: string): TextEdit => ({ start: offset, end: offset, text })
  const joined = pieces.join(', ')
  const open = (node.range?.[0] ?? 0) + 1
  if (node.items.length === 0) return at(open, joined)
  if (index === 0) return at(open, `${joined}, `)
  return at(endOf(node.items[index - 1]), `, ${joined}`)
}
