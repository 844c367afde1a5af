import { COMMENT_AFTER_VALUE, type FileLine, fileLines } from './file-lines.js'

/** The keys of a profile that are kept fresh, in the order in which they are written. */
export const PROFILE_KEYS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
] as const

/** What a profile is to hold. */
export type ProfileValues = Readonly<Record<(typeof PROFILE_KEYS)[number], string>>

/** boto3 reads it before `aws_session_token`: left behind, it would spoil the new session. */
const LEGACY_TOKEN_KEY = 'aws_security_token'

/** An edited file, and what its owner should know of it. */
export interface EditedFile {
  readonly bytes: Buffer
  /** One sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Sets the three keys of one profile and leaves every other byte as it is: comments, blank lines,
 * line endings, encodings, and other profiles. Keys that are there are replaced where they stand; the
 * others go before the key that follows in order, or to the end of the section; a profile that is not
 * there is added at the end of the file. The same values a second time change nothing.
 *
 * Where leaving things alone would keep a reader from reading what was written, this goes further:
 * repeated keys and `aws_security_token` are removed, a comment behind a value moves to a line of its
 * own, and lines that would continue a new value are indented less, or removed with the old value.
 *
 * @param values Without blanks; not `''`.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export function editProfile(file: Uint8Array, profile: string, values: ProfileValues): EditedFile {
  // One character for each byte, so that what is not ASCII passes unchanged.
  const text = Buffer.from(file).toString('latin1')
  const bom = text.startsWith(BOM) ? BOM : ''
  const lines = fileLines(text.slice(bom.length))
  const { start, warnings } = findSection(lines, profile)
  const ending = lines[start ?? 0]?.ending || lines[0]?.ending || '\n'
  const edited =
    start === undefined
      ? [...lines, ...newSection(profile, values, ending)]
      : spliceSection(lines, start, values)
  const result = bom + join(edited, ending, start !== undefined && lines.at(-1)?.ending === '')
  return { bytes: Buffer.from(result, 'latin1'), warnings }
}

const BOM = '\u00ef\u00bb\u00bf'

/** A line to be written; an ending that is missing is added where another line follows. */
type OutputLine = Pick<FileLine, 'text' | 'ending'>

function findSection(
  lines: readonly FileLine[],
  profile: string,
): { readonly start: number | undefined; readonly warnings: readonly string[] } {
  const name = Buffer.from(profile).toString('latin1')
  const headers = lines.map(({ kind }, index) => ({ kind, index })).filter(isHeader)
  const namesOf = (index: number): readonly string[] => lines[index]?.names ?? []
  const found = headers.filter(({ index }) => namesOf(index).includes(name))
  const exact = found.filter(({ index }) =>
    namesOf(index)
      .slice(0, 2)
      .every((one) => one === name),
  )
  const [best] = [...exact, ...found]
  const warnings: string[] = []
  if (best && exact.length === 0) {
    warnings.push(
      `the header of section [${profile}] is not written as boto3, the AWS CLI and JavaScript read it; remove what is beside the name`,
    )
  }
  if (found.length > 1) {
    warnings.push(
      `section [${profile}] is there more than once, which boto3 and the AWS CLI refuse; one is kept fresh, remove the others`,
    )
  }
  return { start: best?.index, warnings }
}

const isHeader = ({ kind }: Pick<FileLine, 'kind'>): boolean => kind === 'header'

function newSection(profile: string, values: ProfileValues, ending: string): OutputLine[] {
  const header = `[${Buffer.from(profile).toString('latin1')}]`
  const keys = PROFILE_KEYS.map((key) => entry('', key, values))
  return [header, ...keys, ''].map((text) => ({ text, ending }))
}

const entry = (indent: string, key: keyof ProfileValues, values: ProfileValues): string =>
  `${indent}${key} = ${values[key]}`

function spliceSection(
  lines: readonly FileLine[],
  start: number,
  values: ProfileValues,
): OutputLine[] {
  const next = lines.findIndex((line, index) => index > start && isHeader(line))
  const end = next < 0 ? lines.length : next
  const head = lines.slice(0, start + 1)
  return [...head, ...editBody(lines.slice(start + 1, end), values), ...lines.slice(end)]
}

/** A line that stays, or a line of ours. */
interface BodyLine extends OutputLine {
  readonly own?: keyof ProfileValues
  readonly indent: string
  /** Neither blank nor a comment. */
  readonly counts: boolean
}

function editBody(body: readonly FileLine[], values: ProfileValues): BodyLine[] {
  const kept = replaceKeys(body, values)
  const missing = PROFILE_KEYS.filter((key) => !kept.some(({ own }) => own === key))
  for (const key of missing) insertKey(kept, key, values)
  return kept
}

function replaceKeys(body: readonly FileLine[], values: ProfileValues): BodyLine[] {
  const kept: BodyLine[] = []
  // Indentation of the key of ours that the lines below continue, if they do.
  let above: string | undefined
  for (const line of body) {
    const { text, ending, indent } = line
    const counts = line.kind === 'other'
    const ours = isOurs(line)
    const own = ours && !line.continues && !line.nested ? profileKey(line.key) : undefined
    if (own !== undefined && !kept.some((other) => other.own === own)) {
      const comment = COMMENT_AFTER_VALUE.exec(text)?.[1]
      if (comment !== undefined) {
        kept.push({ text: indent + comment, ending, indent, counts: false })
      }
      kept.push({ text: entry(indent, own, values), ending, indent, counts, own })
    } else if (above !== undefined && counts && line.continues && !ours) {
      if (line.key !== undefined) {
        kept.push({ text: above + text.slice(indent.length), ending, indent: above, counts })
      }
    } else if (!ours) kept.push({ text, ending, indent, counts })

    if (counts && !line.continues) above = ours ? indent : undefined
  }
  return kept
}

/** Ours for at least one reader; what is inside of another key for all of them is not. */
function isOurs({ kind, key, continues, nested }: FileLine): boolean {
  if (kind !== 'other' || (continues && nested)) return false
  return key === LEGACY_TOKEN_KEY || profileKey(key) !== undefined
}

const profileKey = (key: string | undefined): keyof ProfileValues | undefined =>
  PROFILE_KEYS.find((name) => name === key)

/** Before the key that follows in order, else behind the last line of the section that says something. */
function insertKey(body: BodyLine[], key: keyof ProfileValues, values: ProfileValues): void {
  const later = PROFILE_KEYS.slice(PROFILE_KEYS.indexOf(key) + 1)
  const before = body.findIndex(({ own }) => own !== undefined && later.includes(own))
  const indent = body[before]?.indent ?? ''
  const at = before < 0 ? body.findLastIndex(({ counts }) => counts) + 1 : before
  body.splice(at, 0, {
    text: entry(indent, key, values),
    ending: '',
    indent,
    counts: true,
    own: key,
  })
}

function join(lines: readonly OutputLine[], ending: string, openEnded: boolean): string {
  return lines
    .map((line, index) => {
      const last = index === lines.length - 1
      return line.text + (last && openEnded ? '' : line.ending || ending)
    })
    .join('')
}
