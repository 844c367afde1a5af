import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { type Attribute, CK, type Handle } from './cryptoki.js'
import { guarded, type Token } from './token.js'

/** More objects of one kind than a token has a reason to hold. */
const MAX_OBJECTS = 200

/** Curves by the DER of their object identifiers. */
const CURVES: Readonly<Record<string, { readonly crv: string; readonly bytes: number }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', bytes: 32 },
  '06052b81040022': { crv: 'P-384', bytes: 48 },
  '06052b81040023': { crv: 'P-521', bytes: 66 },
}

/** Handles of all objects that a template matches, as far as they can be seen without or after login. */
export function findObjects(
  { module: { api }, label }: Token,
  session: Handle,
  template: readonly Attribute[],
): readonly Handle[] {
  return guarded(`token "${label}": looking for objects`, () => {
    api.C_FindObjectsInit(session, template)
    try {
      return api.C_FindObjects(session, MAX_OBJECTS)
    } finally {
      api.C_FindObjectsFinal(session)
    }
  })
}

/** Value of an attribute; `undefined` when the object has none, or does not show it. */
export function attributeOf(
  { module: { api } }: Token,
  session: Handle,
  object: Handle,
  type: number,
): Buffer | undefined {
  try {
    const value = api.C_GetAttributeValue(session, object, [{ type }])[0]?.value
    return value === undefined || value.length === 0 ? undefined : value
  } catch {
    // Tokens differ in what they show; what is missing is said where it is needed.
    return undefined
  }
}

/** The X.509 certificate in an object; `undefined` when it holds something else. */
export function certificateIn(
  token: Token,
  session: Handle,
  object: Handle,
): X509Certificate | undefined {
  const der = attributeOf(token, session, object, CK.CKA_VALUE)
  try {
    return der && new X509Certificate(der)
  } catch {
    // A token may hold anything; only certificates are of interest.
    return undefined
  }
}

/**
 * The public half of a private key: from the key itself (RSA), or from the public key or certificate
 * that has the same CKA_ID.
 */
export function publicKeyOf(
  token: Token,
  session: Handle,
  privateKey: Handle,
): KeyObject | undefined {
  const own = rsaKey(token, session, privateKey)
  const id = attributeOf(token, session, privateKey, CK.CKA_ID)
  if (own || !id) return own
  const withId = (objectClass: number): readonly Handle[] =>
    findObjects(token, session, [
      { type: CK.CKA_CLASS, value: objectClass },
      { type: CK.CKA_ID, value: id },
    ])
  for (const object of withId(CK.CKO_PUBLIC_KEY)) {
    const found = rsaKey(token, session, object) ?? ecKey(token, session, object)
    if (found) return found
  }
  for (const object of withId(CK.CKO_CERTIFICATE)) {
    const found = certificateIn(token, session, object)
    if (found) return found.publicKey
  }
  return undefined
}

function rsaKey(token: Token, session: Handle, object: Handle): KeyObject | undefined {
  const n = attributeOf(token, session, object, CK.CKA_MODULUS)
  const e = attributeOf(token, session, object, CK.CKA_PUBLIC_EXPONENT)
  if (!n || !e) return undefined
  return imported({ kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') })
}

function ecKey(token: Token, session: Handle, object: Handle): KeyObject | undefined {
  const oid = attributeOf(token, session, object, CK.CKA_EC_PARAMS)?.toString('hex') ?? ''
  const curve = Object.hasOwn(CURVES, oid) ? CURVES[oid] : undefined
  const point = attributeOf(token, session, object, CK.CKA_EC_POINT)
  if (!curve || !point) return undefined
  // An OCTET STRING around it, as the specification has it, or, from older modules, none.
  const [x, y] = [point.subarray(-2 * curve.bytes, -curve.bytes), point.subarray(-curve.bytes)]
  const [xText, yText] = [x.toString('base64url'), y.toString('base64url')]
  return imported({ kty: 'EC', crv: curve.crv, x: xText, y: yText })
}

function imported(key: Readonly<Record<string, string>>): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    // Not a key: the caller looks elsewhere.
    return undefined
  }
}
