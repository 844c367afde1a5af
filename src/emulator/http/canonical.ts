import { createHash } from 'node:crypto'
import { type Arrived, type Pair, headerValues } from './exchange.js'

/** What a signature covers, besides the lines that the algorithm adds. */
export interface CanonicalParts {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly signedHeaders: readonly string[]
  readonly payloadHash: string
}

/**
 * The canonical request of Signature Version 4. Built from what arrived, field by field.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function canonicalRequest(arrived: Arrived, parts: CanonicalParts): string {
  const headers = parts.signedHeaders.map((name) => `${name}:${canonicalValue(arrived, name)}\n`)
  return [
    parts.method,
    parts.path,
    parts.query,
    headers.join(''),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n')
}

/** Values joined by commas, runs of spaces collapsed to one. */
function canonicalValue(arrived: Arrived, name: string): string {
  return headerValues(arrived, name)
    .map((value) => value.replace(/ +/g, ' '))
    .join(',')
}

/** Sorted by name, then by value: sorting the joined text would put `a-b=` before `a=`. */
export function canonicalQuery(pairs: readonly Pair[]): string {
  return pairs
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&')
}

/** Percent-encodes everything but the unreserved characters of RFC 3986. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Lower-case hexadecimal SHA-256. Strings count one byte per character, as headers arrive. */
export function sha256Hex(data: Buffer | string): string {
  return createHash('sha256')
    .update(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    .digest('hex')
}

/** Order of two strings by code unit, as the specification sorts. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** An instant as signatures write it, `20260102T030405Z`; `undefined` when it is none. */
export function parseAmzDate(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** An instant as answers write it, without fractions of a second. */
export function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}
