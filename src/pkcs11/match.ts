import { RolesAnywhereError } from '../errors.js'
import { type Attribute, CK, type Handle } from './cryptoki.js'
import { attributeOf } from './objects.js'
import type { Token } from './token.js'
import type { Pkcs11Uri } from './uri.js'

/** Choices that a message names before it says that there are more. */
const MAX_NAMED = 5

/** The template for the objects of one class that a URI means. */
export const templateOf = ({ object, id }: Pkcs11Uri, objectClass: number): Attribute[] => [
  { type: CK.CKA_CLASS, value: objectClass },
  ...(object === undefined ? [] : [{ type: CK.CKA_LABEL, value: Buffer.from(object) }]),
  ...(id === undefined ? [] : [{ type: CK.CKA_ID, value: id }]),
]

/**
 * The only one of several.
 *
 * @throws RolesAnywhereError `ERR_RA_OBJECT_AMBIGUOUS`, naming what there is to choose from.
 */
export function oneOf<T>(found: readonly T[], what: string, describe: (one: T) => string): T {
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const named = found.slice(0, MAX_NAMED).map((one) => printable(describe(one)))
  const more = found.length > MAX_NAMED ? ', …' : ''
  throw new RolesAnywhereError('ERR_RA_OBJECT_AMBIGUOUS', `${what}: ${found.length} fit`, {
    hint: `add to the URI what tells them apart: ${named.join(', ')}${more}`,
  })
}

/** An object by what a URI would say to mean it. */
export function describeObject(token: Token, session: Handle, object: Handle): string {
  const label = attributeOf(token, session, object, CK.CKA_LABEL)?.toString('utf8')
  const id = attributeOf(token, session, object, CK.CKA_ID)
  const parts = [
    ...(label === undefined ? [] : [`object=${label}`]),
    ...(id ? [`id=${id.toString('hex').replace(/../g, '%$&')}`] : []),
  ]
  return parts.join(';') || 'an object without label and id'
}

/** What a token says of itself, without what would confuse a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
