/** One line of a credentials file, as the readers of such files see it. */
export interface FileLine {
  /** All of it but its ending; characters stand for bytes. */
  readonly text: string
  /** How it ends: CRLF, LF, CR, or not at all, as the last line of a file may. */
  readonly ending: string
  /** Blanks at its start. */
  readonly indent: string
  readonly kind: 'blank' | 'comment' | 'header' | 'other'
  /** Names that a reader may take a section header for; the first two are those of boto3 and JavaScript. */
  readonly names: readonly string[]
  /** What stands before the first `=` or `:`, in lower case. */
  readonly key: string | undefined
  /** For boto3, the AWS CLI and Go it belongs to the value of the key above. */
  readonly continues: boolean
  /** For JavaScript it is a key inside of the key above, which has no value of its own. */
  readonly nested: boolean
}

/**
 * Takes a file apart: `text` and `ending` of all lines, one after the other, are the file. Readers
 * differ in what an indented line is, and both views are told.
 *
 * @param file One character for each byte.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export function fileLines(file: string): FileLine[] {
  // A value goes on for as long as lines are indented further than its key.
  const boto: { optionIndent: number | undefined } = { optionIndent: undefined }
  const javaScript = { nests: false }
  return split(file).map(([text, ending]) => {
    const content = trim(text)
    const indent = text.slice(0, text.length - trimStart(text).length)
    const line = {
      text,
      ending,
      indent,
      names: [],
      key: undefined,
      continues: false,
      nested: false,
    }
    if (content === '') return { ...line, kind: 'blank' }
    if (/^[#;]/.test(content)) return { ...line, kind: 'comment' }

    const continues = boto.optionIndent !== undefined && indent.length > boto.optionIndent
    const names = headerNames(content, continues)
    if (names.length > 0) {
      if (!continues) boto.optionIndent = undefined
      javaScript.nests = false
      return { ...line, kind: 'header', names, continues }
    }
    const [, key, value] = /^([^=:]*)[=:](.*)$/.exec(content) ?? []
    if (!continues && key !== undefined) boto.optionIndent = indent.length
    const nested = isNested(javaScript, content, indent)
    return {
      ...line,
      kind: 'other',
      ...(key !== undefined && value !== undefined && { key: trim(key).toLowerCase() }),
      continues,
      nested,
    }
  })
}

function isNested(state: { nests: boolean }, content: string, indent: string): boolean {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(withoutComment(content)) ?? []
  if (key === undefined || value === undefined) return false
  if (trim(value) === '') {
    const within = state.nests && indent !== ''
    state.nests = true
    return within
  }
  if (indent === '') state.nests = false
  return state.nests
}

function headerNames(content: string, continues: boolean): string[] {
  if (!content.startsWith('[')) return []
  // Greedy up to the last bracket, whatever follows it; never in the middle of a value.
  const boto = continues ? undefined : /^\[(.+)\]/.exec(content)?.[1]
  const javaScript = /^\[(.*)\]$/.exec(withoutComment(content))?.[1]
  const others = /^\[([^\]]+)\]/.exec(content)?.[1]
  if (boto === undefined && javaScript === undefined) return []
  const lenient = [boto, javaScript, others].filter((name) => name !== undefined).map(trim)
  return [boto ?? '', javaScript ?? '', ...lenient]
}

/** A blank and a `#` or `;` begin a comment for all readers but boto3 and the AWS CLI. */
export const COMMENT_AFTER_VALUE = /[ \t\f\v]+([#;].*)$/

const withoutComment = (content: string): string =>
  trim(content.replace(/(^|[ \t\f\v])[#;].*$/, ''))

/** Bytes above 127 are parts of characters, some of which would pass for blanks. */
const trimStart = (text: string): string => text.replace(/^[ \t\f\v]+/, '')
const trim = (text: string): string => trimStart(text).replace(/[ \t\f\v]+$/, '')

function split(file: string): [text: string, ending: string][] {
  const parts = file.split(/(\r\n|\n|\r)/)
  const lines: [string, string][] = []
  for (let index = 0; index < parts.length; index += 2) {
    lines.push([parts[index] ?? '', parts[index + 1] ?? ''])
  }
  const last = lines.at(-1)
  if (last?.[0] === '') lines.pop()
  return lines
}
