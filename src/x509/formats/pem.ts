import { MAX_BLOCKS } from '../named-bytes.js'

/** One `-----BEGIN …-----` block. */
export interface PemBlock {
  /** The words after BEGIN, for example `EC PRIVATE KEY`. */
  readonly label: string
  /** RFC 1421 headers such as `DEK-Info`, names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly der: Uint8Array
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/** A line break as two characters: how files of variables, and JSON that was cut out, hold PEM. */
const WRITTEN_BREAK = /\\r\\n|\\[nr]/g

/** Whether the text has anything that looks like PEM. */
export const looksLikePem = (text: string): boolean => text.includes(BEGIN)

/**
 * Reads every PEM block of a text. What stands between blocks is ignored, as are carriage returns,
 * a byte order mark, indentation and a missing last newline; a line break may also be written `\\n`.
 *
 * @param fail told what is wrong; throws the caller's error.
 * @see https://www.rfc-editor.org/rfc/rfc7468
 */
export function readPem(text: string, fail: (problem: string) => never): PemBlock[] {
  const blocks: PemBlock[] = []
  let at = text.indexOf(BEGIN)
  while (at >= 0) {
    if (blocks.length === MAX_BLOCKS) return fail(`more than ${MAX_BLOCKS} PEM blocks`)
    const labelAt = at + BEGIN.length
    const labelEnd = text.indexOf(DASHES, labelAt)
    const label = labelEnd < 0 ? '' : text.slice(labelAt, labelEnd)
    if (!/^[A-Z0-9 ]{1,40}$/.test(label)) return fail('a PEM block has a malformed BEGIN line')
    const bodyAt = labelEnd + DASHES.length
    const endMark = `-----END ${label}-----`
    const bodyEnd = text.indexOf(endMark, bodyAt)
    if (bodyEnd < 0) return fail(`the PEM block "${label}" has no END line: it was cut short`)
    blocks.push({ label, ...readBody(text.slice(bodyAt, bodyEnd), label, fail) })
    at = text.indexOf(BEGIN, bodyEnd + endMark.length)
  }
  return blocks
}

function readBody(
  body: string,
  label: string,
  fail: (problem: string) => never,
): Pick<PemBlock, 'headers' | 'der'> {
  const headers = new Map<string, string>()
  let base64 = ''
  for (const line of body.replace(WRITTEN_BREAK, '\n').split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) base64 += line.replace(/\s+/g, '')
    else headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
  }
  if (base64.includes(DASHES)) return fail(`the PEM block "${label}" has no END line of its own`)
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    return fail(`the PEM block "${label}" is not valid base64`)
  }
  return { headers, der: Buffer.from(base64, 'base64') }
}
