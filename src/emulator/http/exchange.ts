/** A request as it came off the wire, before anybody believed any of it. */
export interface Arrived {
  readonly method: string
  /** Path as sent, still percent-encoded, always starting with a slash. */
  readonly path: string
  /** Query as sent, without its question mark. */
  readonly rawQuery: string
  /** Header fields in the order sent, one character per byte (latin1). */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** What goes back to the client. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** An answer, and what the record of it says. */
export interface Outcome {
  readonly answer: Answer
  /** Error code on the wire; absent when the request was granted. */
  readonly errorCode?: string
  /** Why, for the log and the list of requests. The client never sees it. */
  readonly reason?: string
  /** Who asked, once verified: the ARN of the assumed role. */
  readonly principal?: string
}

/** The values of one header field in the order sent, without the spaces around them. */
export function headerValues(arrived: Arrived, name: string): string[] {
  return arrived.headers
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, value]) => trimSpaces(value))
}

/** A header field as one value: several are joined by commas, as HTTP allows. */
export function header(arrived: Arrived, name: string): string | undefined {
  const values = headerValues(arrived, name)
  return values.length > 0 ? values.join(',') : undefined
}

/** Removes spaces and tabs at both ends. `trim()` would also remove bytes above ASCII. */
export function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

/** One name and value of a query string or form, decoded. */
export type Pair = readonly [name: string, value: string]

/**
 * Reads a query string or a form. `+` is a space, as in forms.
 *
 * @returns `undefined` when the percent-encoding is broken.
 */
export function decodePairs(text: string): Pair[] | undefined {
  const pairs: Pair[] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = decodePercent((at < 0 ? part : part.slice(0, at)).replaceAll('+', ' '))
    const value = at < 0 ? '' : decodePercent(part.slice(at + 1).replaceAll('+', ' '))
    if (name === undefined || value === undefined) return undefined
    pairs.push([name, value])
  }
  return pairs
}

/** Undoes percent-encoding; `undefined` when it is broken or is not UTF-8. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone percent sign or bytes that are not UTF-8: the caller refuses the request.
    return undefined
  }
}

/** The first value of a name. */
export function valueOf(pairs: readonly Pair[], name: string): string | undefined {
  return pairs.find(([given]) => given === name)?.[1]
}
