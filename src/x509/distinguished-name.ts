import { type DerReader, TAG } from './der.js'

/** Short names of the attributes that subjects are made of, as OpenSSL and RFC 4514 write them. */
const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'serialNumber'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'street'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'title'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.46', 'dnQualifier'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'emailAddress'],
])

// Identifier octets of the string types, with the encoding of each.
const DECODERS: ReadonlyMap<number, (content: Buffer) => string> = new Map([
  [0x0c, (content: Buffer) => content.toString('utf8')],
  [0x12, (content: Buffer) => content.toString('latin1')],
  [0x13, (content: Buffer) => content.toString('latin1')],
  [0x14, (content: Buffer) => content.toString('latin1')],
  [0x16, (content: Buffer) => content.toString('latin1')],
  [0x1e, (content: Buffer) => Buffer.from(content).swap16().toString('utf16le')],
])

/**
 * Takes a Name and renders it on one line, in the order of RFC 4514: the most specific part first,
 * as in `CN=web,O=Example,C=DE`. An empty name is the empty string.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4514
 */
export function readName(reader: DerReader): string {
  const name = reader.enter(TAG.sequence)
  const parts: string[] = []
  while (name.nextTag !== undefined) {
    const set = name.enter(TAG.set)
    const attributes: string[] = []
    while (set.nextTag !== undefined) attributes.push(readAttribute(set.enter(TAG.sequence)))
    parts.unshift(attributes.join('+'))
  }
  return parts.join(',')
}

function readAttribute(attribute: DerReader): string {
  const oid = attribute.oid()
  const { tag, content, raw } = attribute.take()
  attribute.end()
  const bytes = Buffer.from(content)
  const decode = tag === 0x1e && bytes.length % 2 === 1 ? undefined : DECODERS.get(tag)
  const value = decode ? escaped(decode(bytes)) : `#${Buffer.from(raw).toString('hex')}`
  return `${SHORT_NAMES.get(oid) ?? oid}=${value}`
}

/** A name may hold anything; what reaches a terminal or a log is one line without control characters. */
function escaped(value: string): string {
  const special = value.replace(/[\\",+;<>]|^[ #]|(?!^) $/g, (character) => `\\${character}`)
  return special.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Buffer.from(character, 'utf8')
      .toString('hex')
      .replace(/../g, (pair) => `\\${pair.toUpperCase()}`),
  )
}
