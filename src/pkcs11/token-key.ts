import type { KeyObject } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import type { DeviceKey } from '../x509/device-key.js'
import { type Attribute, CK, type Handle } from './cryptoki.js'
import { login, loginForKey, type ReadPin, withSession } from './login.js'
import { describeObject, oneOf, templateOf } from './match.js'
import type { Pkcs11Module } from './module.js'
import { attributeOf, findObjects, publicKeyOf } from './objects.js'
import { isSignedBy, type Mechanism, MECHANISMS } from './signature.js'
import { asFailure, findTokens, type Token } from './token.js'
import type { Pkcs11Uri } from './uri.js'

/** Longer than any signature. */
const MAX_SIGNATURE_BYTES = 2048

/** A private key as it was found; handles end with their session. */
interface Found {
  readonly template: readonly Attribute[]
  readonly publicKey: KeyObject
  readonly mechanism: Mechanism
  readonly alwaysAuthenticate: boolean
}

/**
 * Opens the one private key that a URI means. Logs in once; a key that was opened before is given back
 * without asking the token.
 *
 * @param readPin Asked each time that the token wants the PIN, so that a PIN that changes is taken.
 * @throws RolesAnywhereError `ERR_RA_TOKEN_MISSING`, `ERR_RA_KEY_MISSING`, `ERR_RA_OBJECT_AMBIGUOUS`,
 *   `ERR_RA_PIN_MISSING`, `ERR_RA_PIN_WRONG`, `ERR_RA_PIN_LOCKED`, `ERR_RA_KEY_UNSUPPORTED` or
 *   `ERR_RA_PKCS11_FAILED`.
 */
export async function openKey(
  module: Pkcs11Module,
  uri: Pkcs11Uri,
  readPin: ReadPin,
): Promise<DeviceKey> {
  const cached = JSON.stringify(uri)
  const known = module.keys.get(cached)
  if (known) return known
  const token = oneOf(await keyTokens(module, uri), `${uri.name}: tokens`, ({ label, serial }) =>
    [`token=${label}`, `serial=${serial}`].join(';'),
  )
  const found = await withSession(token, (session) => {
    login(token, session, readPin)
    return findKey(token, session, uri)
  })
  const key = deviceKey(module, uri, found, readPin, () => module.keys.delete(cached))
  module.keys.set(cached, key)
  return key
}

/**
 * Tokens that may hold the key. Where the URI leaves more than one, those that show a public key or a
 * certificate that it fits: the PIN of one token must not be tried on another.
 */
async function keyTokens(module: Pkcs11Module, uri: Pkcs11Uri): Promise<readonly Token[]> {
  const tokens = findTokens(module, uri).filter(
    ({ flags }) =>
      (flags & CK.CKF_LOGIN_REQUIRED) === 0 || (flags & CK.CKF_USER_PIN_INITIALIZED) !== 0,
  )
  if (tokens.length === 0) throw missing(uri)
  if (tokens.length === 1) return tokens
  const showing = await Promise.all(
    tokens.map(async (token) =>
      withSession(token, (session) =>
        [CK.CKO_PUBLIC_KEY, CK.CKO_CERTIFICATE, CK.CKO_PRIVATE_KEY].some(
          (type) => findObjects(token, session, templateOf(uri, type)).length > 0,
        ),
      ),
    ),
  )
  const narrowed = tokens.filter((_, index) => showing[index])
  return narrowed.length > 0 ? narrowed : tokens
}

function findKey(token: Token, session: Handle, uri: Pkcs11Uri): Found {
  const objects = findObjects(token, session, templateOf(uri, CK.CKO_PRIVATE_KEY))
  if (objects.length === 0) throw missing(uri)
  const object = oneOf(objects, `${uri.name}: private keys`, (entry) =>
    describeObject(token, session, entry),
  )
  const publicKey = publicKeyOf(token, session, object)
  if (!publicKey) {
    throw new RolesAnywhereError(
      'ERR_RA_KEY_UNSUPPORTED',
      `${uri.name}: the token does not show the public key of the private key`,
      { hint: 'store the public key or the certificate on the token with the same id' },
    )
  }
  const mechanism = MECHANISMS[publicKey.asymmetricKeyType ?? '']
  if (!mechanism) {
    throw new RolesAnywhereError(
      'ERR_RA_KEY_UNSUPPORTED',
      `${uri.name}: unsupported type of private key`,
      { hint: 'use an RSA key, or an EC key on P-256 or P-384' },
    )
  }
  const id = attributeOf(token, session, object, CK.CKA_ID)
  const label = attributeOf(token, session, object, CK.CKA_LABEL)
  const always = attributeOf(token, session, object, CK.CKA_ALWAYS_AUTHENTICATE)
  return {
    template: [
      { type: CK.CKA_CLASS, value: CK.CKO_PRIVATE_KEY },
      ...(id ? [{ type: CK.CKA_ID, value: id }] : []),
      ...(label ? [{ type: CK.CKA_LABEL, value: label }] : []),
    ],
    publicKey,
    mechanism,
    alwaysAuthenticate: always?.[0] === 1,
  }
}

function deviceKey(
  module: Pkcs11Module,
  uri: Pkcs11Uri,
  found: Found,
  readPin: ReadPin,
  forget: () => void,
): DeviceKey {
  const { publicKey } = found
  return {
    name: `private key "${uri.name}"`,
    publicKey,
    async sign(message) {
      try {
        // Looked for anew: the token may have been pulled out and put into another slot.
        const token = oneOf(
          await keyTokens(module, uri),
          `${uri.name}: tokens`,
          ({ label }) => label,
        )
        const signature = await withSession(token, async (session) => {
          login(token, session, readPin)
          return signWith(token, session, found, message, readPin)
        })
        if (isSignedBy(publicKey, message, signature)) return signature
      } catch (error) {
        forget()
        throw asFailure(`${uri.name}: signing`, error)
      }
      forget()
      throw new RolesAnywhereError(
        'ERR_RA_SIGNING_FAILED',
        `${uri.name}: the signature does not belong to the public key on the token`,
        { hint: 'store the public key and the certificate of this private key on the token' },
      )
    },
  }
}

async function signWith(
  token: Token,
  session: Handle,
  { template, mechanism, alwaysAuthenticate }: Found,
  message: Uint8Array,
  readPin: ReadPin,
): Promise<Buffer> {
  const { api } = token.module
  const [key] = findObjects(token, session, template)
  if (!key) {
    throw new RolesAnywhereError('ERR_RA_KEY_MISSING', `token "${token.label}": the key is gone`, {
      hint: 'compare with `pkcs11-tool --login --list-objects`',
    })
  }
  api.C_SignInit(session, { mechanism: mechanism.mechanism }, key)
  if (alwaysAuthenticate) loginForKey(token, session, readPin)
  // On a thread of its own: a token may take seconds, and others are to be answered meanwhile.
  const out = Buffer.alloc(MAX_SIGNATURE_BYTES)
  return mechanism.output(await api.C_SignAsync(session, mechanism.input(message), out))
}

const missing = (uri: Pkcs11Uri): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_KEY_MISSING', `${uri.name}: no such private key`, {
    hint: 'compare with `pkcs11-tool --login --list-objects`; attributes of the URI must all fit',
  })
