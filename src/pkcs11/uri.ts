import { RolesAnywhereError } from '../errors.js'

/** Longer than any URI that names an object of a token. */
const MAX_LENGTH = 4096

/** A `pkcs11:` URI, percent-encoding undone. What is absent matches everything. */
export interface Pkcs11Uri {
  /** What messages call it: the URI without its query, which may lead to a PIN. */
  readonly name: string
  readonly token?: string
  readonly manufacturer?: string
  readonly serial?: string
  readonly model?: string
  readonly libraryManufacturer?: string
  readonly libraryDescription?: string
  /** `2` or `2.40`. */
  readonly libraryVersion?: string
  readonly slotManufacturer?: string
  readonly slotDescription?: string
  readonly slotId?: number
  /** Label of the object. */
  readonly object?: string
  readonly id?: Buffer
  readonly type?: 'cert' | 'data' | 'private' | 'public' | 'secret-key'
  /** Path of the file that holds the PIN. */
  readonly pinSource?: string
  /** Path of the PKCS#11 module. */
  readonly modulePath?: string
}

/** Attributes that are plain text, and where they go. */
const TEXT = {
  token: 'token',
  manufacturer: 'manufacturer',
  serial: 'serial',
  model: 'model',
  'library-manufacturer': 'libraryManufacturer',
  'library-description': 'libraryDescription',
  'library-version': 'libraryVersion',
  'slot-manufacturer': 'slotManufacturer',
  'slot-description': 'slotDescription',
  object: 'object',
} as const satisfies Record<string, keyof Pkcs11Uri>

const TYPES: readonly Pkcs11Uri['type'][] = ['cert', 'data', 'private', 'public', 'secret-key']

/** Whether a setting names an object of a token and not a file. */
export const isPkcs11Uri = (text: string): boolean => /^pkcs11:/i.test(text)

/**
 * Reads a URI. An attribute of the path that is not known would match no object, and is refused;
 * those of the query that are not known are passed over.
 *
 * @throws RolesAnywhereError `ERR_RA_PKCS11_URI_INVALID`; no message repeats a value.
 * @see https://www.rfc-editor.org/rfc/rfc7512#section-2.3
 */
export function parsePkcs11Uri(text: string): Pkcs11Uri {
  if (text.length > MAX_LENGTH) throw invalid(`is longer than ${MAX_LENGTH} characters`)
  const [, path = '', query = ''] = /^pkcs11:([^?]*)(?:\?(.*))?$/is.exec(text) ?? []
  const attributes = pairs(path, ';')
  const uri: Partial<Record<keyof Pkcs11Uri, unknown>> = { name: printable(`pkcs11:${path}`) }
  for (const [name, value] of attributes) {
    if (name === 'id') uri.id = bytes(value, name)
    else if (name === 'type') uri.type = typeOf(value)
    else if (name === 'slot-id') uri.slotId = slotId(value)
    else if (Object.hasOwn(TEXT, name)) uri[TEXT[name as keyof typeof TEXT]] = words(value, name)
    else throw invalid(`has the unknown attribute "${printable(name)}"`)
  }
  const hints = pairs(query, '&')
  if (hints.has('pin-value')) {
    throw invalid(
      'holds a PIN in pin-value, which every process can see',
      'put the PIN into a file and name it with --pkcs11-pin-file or pin-source=file:…, or set ROLESANYWHERE_PKCS11_PIN',
    )
  }
  const pinSource = hints.get('pin-source')
  if (pinSource !== undefined) uri.pinSource = fileOf(words(pinSource, 'pin-source'))
  const modulePath = hints.get('module-path')
  if (modulePath !== undefined) uri.modulePath = words(modulePath, 'module-path')
  return uri as unknown as Pkcs11Uri
}

function pairs(text: string, separator: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const part of text.split(separator).filter(Boolean)) {
    const [, name, value = ''] = /^([a-z0-9_-]+)=(.*)$/is.exec(part) ?? []
    if (name === undefined) throw invalid('has a part that is not name=value')
    if (found.has(name)) throw invalid(`has ${name} twice`)
    found.set(name, value)
  }
  return found
}

function bytes(value: string, name: string): Buffer {
  if (/%(?![0-9a-f]{2})/i.test(value)) throw invalid(`has a broken percent-encoding in ${name}`)
  const decoded = value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(decoded, 'latin1')
}

function words(value: string, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes(value, name))
  } catch (cause) {
    if (cause instanceof RolesAnywhereError) throw cause
    throw invalid(`is not UTF-8 in ${name}`)
  }
}

function typeOf(value: string): Pkcs11Uri['type'] {
  const found = TYPES.find((type) => type === value)
  if (found) return found
  throw invalid(`has a type that is not one of ${TYPES.join(', ')}`)
}

function slotId(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw invalid('has a slot-id that is not a number')
}

/** `file:/path`, `file:///path` or a path; commands are not run. */
function fileOf(source: string): string {
  const path = source.replace(/^file:(\/\/(?=\/))?/, '')
  if (path !== '' && !/^(\||[a-z][a-z+.-]+:)/i.test(path)) return path
  throw invalid('has a pin-source that is not a file')
}

/** Without what would confuse a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 1000)

const invalid = (
  problem: string,
  hint = 'write it as pkcs11:token=LABEL;object=NAME, as `p11tool --list-all` prints it',
): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_PKCS11_URI_INVALID', `the pkcs11: URI ${problem}`, { hint })
