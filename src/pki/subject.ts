import { RolesAnywhereError } from '../errors.js'
import { Name } from './x509-library.js'

/** One attribute of a subject, by its short name, for example `CN`. */
export interface SubjectAttribute {
  readonly type: SubjectAttributeType
  readonly value: string
}

/** Attribute types that a subject may have: most characters of a value, and its string encoding. */
const ATTRIBUTES = {
  CN: { max: 64, encoding: 'utf8String' },
  OU: { max: 64, encoding: 'utf8String' },
  O: { max: 64, encoding: 'utf8String' },
  L: { max: 128, encoding: 'utf8String' },
  ST: { max: 128, encoding: 'utf8String' },
  C: { max: 2, encoding: 'printableString' },
  DC: { max: 63, encoding: 'ia5String' },
} as const

/** Short name of an attribute that a subject may have. */
export type SubjectAttributeType = keyof typeof ATTRIBUTES

const TYPES = Object.keys(ATTRIBUTES).join(', ')
const MAX_CHARACTERS = 1024

/**
 * Reads a subject such as `CN=app,OU=team,O=Example`.
 *
 * @returns its attributes in the order written: the most specific first.
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` when it is not a distinguished name, names an
 *   unknown attribute, or holds a value that is empty or too long.
 * @see https://www.rfc-editor.org/rfc/rfc4514#section-3
 */
export function parseSubject(text: string): readonly SubjectAttribute[] {
  if (text.length > MAX_CHARACTERS) throw invalid(`is longer than ${MAX_CHARACTERS} characters`)
  return splitUnescaped(text).map(parseAttribute)
}

/** A subject of one attribute, the common name, taken as it is. Throws as {@link parseSubject}. */
export function commonNameSubject(commonName: string): readonly SubjectAttribute[] {
  return [checkValue('CN', commonName)]
}

/**
 * The name as certificates encode it. The text form begins with the most specific attribute and the
 * encoding ends with it, as RFC 4514 section 2.1 has it.
 */
export function encodeSubject(attributes: readonly SubjectAttribute[]): Name {
  const rows = attributes.map(({ type, value }) => ({
    [type]: [{ [ATTRIBUTES[type].encoding]: value }],
  }))
  return new Name(rows.reverse())
}

/** Cut at commas that no backslash precedes. */
function splitUnescaped(text: string): string[] {
  return [...text.matchAll(/(?:^|,)((?:\\.|[^\\,])*\\?)/gsu)].map(([, part]) => part ?? '')
}

function parseAttribute(text: string): SubjectAttribute {
  const equals = text.indexOf('=')
  if (equals < 0) throw invalid('has a part without "="')
  const type = text.slice(0, equals).trim().toUpperCase()
  if (!isType(type)) throw invalid(`has an unknown attribute; known are ${TYPES}`)
  return checkValue(type, unescapeValue(type, text.slice(equals + 1)))
}

function unescapeValue(type: SubjectAttributeType, raw: string): string {
  // A space at either end is only part of the value when it is escaped.
  const trimmed = raw.replace(/^ +/u, '').replace(/(?<!\\) +$/u, '')
  if (trimmed.startsWith('#')) throw invalid(`has a hexadecimal value for ${type}`)
  if (/^(?:\\.|[^\\+"<>;])*$/su.test(trimmed) === false) {
    throw invalid(`has an unescaped special character in ${type}`)
  }
  return decodePairs(type, trimmed)
}

/** A backslash stands before a special character or before two hexadecimal digits of UTF-8. */
function decodePairs(type: SubjectAttributeType, text: string): string {
  const octets = text.replace(/(?:\\[0-9a-f]{2})+/giu, (run) => {
    const decoded = Buffer.from(run.replaceAll('\\', ''), 'hex').toString('utf8')
    if (decoded.includes('\uFFFD'))
      throw invalid(`has escaped octets in ${type} that are not UTF-8`)
    // Escaped again, so that the second pass takes each character as it is.
    return decoded.replace(/[\s\S]/gu, (character) => `\\${character}`)
  })
  return octets.replace(/\\([\s\S])/gu, '$1')
}

function checkValue(type: SubjectAttributeType, value: string): SubjectAttribute {
  const { max, encoding } = ATTRIBUTES[type]
  if (value.trim() === '') throw invalid(`has an empty ${type}`)
  if ([...value].length > max) throw invalid(`has a ${type} of more than ${max} characters`)
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw invalid(`has a control character in ${type}`)
  if (type === 'C' && !/^[A-Za-z]{2}$/.test(value)) throw invalid('has a C that is not two letters')
  if (encoding === 'ia5String' && !/^[\x20-\x7e]*$/.test(value)) {
    throw invalid(`has a ${type} that is not ASCII`)
  }
  return { type, value }
}

const isType = (text: string): text is SubjectAttributeType => Object.hasOwn(ATTRIBUTES, text)

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', `subject ${problem}`, {
    hint: 'write it like CN=app,OU=team,O=Example, with a backslash before any of , + " \\ < > ;',
  })
}
