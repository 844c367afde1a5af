import { isIP } from 'node:net'
import { RolesAnywhereError } from '../errors.js'

/** One subject alternative name. */
export interface AltName {
  readonly type: AltNameType
  readonly value: string
}

/** Kinds of subject alternative name that the development CA writes. */
export type AltNameType = 'dns' | 'uri' | 'ip' | 'email'

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const DNS_NAME = new RegExp(String.raw`^(?:\*\.)?${LABEL}(?:\.${LABEL})*$`)
const EMAIL = new RegExp(
  String.raw`^[A-Za-z0-9.!#$%&'*+/=?^_\x60{|}~-]{1,64}@${LABEL}(?:\.${LABEL})*$`,
)

/** What each kind accepts, and an example for the message. */
const CHECKS: Record<AltNameType, { valid: (value: string) => boolean; example: string }> = {
  dns: {
    valid: (value) => value.length <= 253 && DNS_NAME.test(value),
    example: 'app.example.com',
  },
  uri: { valid: isAbsoluteUri, example: 'spiffe://example.com/ns/default/sa/app' },
  ip: { valid: (value) => isIP(value) !== 0, example: '127.0.0.1' },
  email: { valid: (value) => value.length <= 254 && EMAIL.test(value), example: 'app@example.com' },
}

const MAX_URI_CHARACTERS = 2048

/**
 * A checked subject alternative name.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` when the value is not of that kind.
 */
export function altName(type: AltNameType, value: string): AltName {
  const { valid, example } = CHECKS[type]
  if (valid(value)) return { type, value }
  throw new RolesAnywhereError(
    'ERR_RA_ARGUMENT_INVALID',
    `subject alternative name is not a valid ${type} name`,
    { hint: `write it like ${example}` },
  )
}

/** The URI goes into the certificate as written, so it must already be one: ASCII and no spaces. */
function isAbsoluteUri(value: string): boolean {
  return (
    value.length <= MAX_URI_CHARACTERS &&
    /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value) &&
    URL.canParse(value)
  )
}
