import { RolesAnywhereError } from '../errors.js'
import type { Secret } from '../secret.js'
import { CK, type Handle, returnValueOf } from './cryptoki.js'
import { asFailure, guarded, type Token } from './token.js'

/** Gives the PIN when it is needed; `undefined` when nobody gave one. */
export type ReadPin = () => Secret | undefined

/** Return values that mean: this is not the PIN. */
const WRONG_PIN: readonly (number | undefined)[] = [
  CK.CKR_PIN_INCORRECT,
  CK.CKR_PIN_INVALID,
  CK.CKR_PIN_LEN_RANGE,
]

/**
 * Opens a session, and closes it when `use` has ended. Closing the last one logs out.
 *
 * @throws RolesAnywhereError `ERR_RA_PKCS11_FAILED`, and whatever `use` throws.
 */
export async function withSession<T>(
  { module, slot, label }: Token,
  use: (session: Handle) => T | Promise<T>,
): Promise<T> {
  const what = `token "${label}": opening a session`
  const session = guarded(what, () => module.api.C_OpenSession(slot, CK.CKF_SERIAL_SESSION))
  try {
    return await use(session)
  } finally {
    try {
      module.api.C_CloseSession(session)
    } catch {
      // The token is gone, and the session with it.
    }
  }
}

/**
 * Logs in as the user, if the token asks for it and nobody of this process has yet. A PIN that the
 * token refused is never sent to it again, and none when it has only one attempt left: a loop that
 * tries again must not lock the token.
 *
 * @throws RolesAnywhereError `ERR_RA_PIN_MISSING`, `ERR_RA_PIN_WRONG` or `ERR_RA_PIN_LOCKED`.
 */
export function login(token: Token, session: Handle, readPin: ReadPin): void {
  const { module, slot, label } = token
  const name = `token "${label}"`
  if ((token.flags & CK.CKF_LOGIN_REQUIRED) === 0) return
  const { state } = guarded(name, () => module.api.C_GetSessionInfo(session))
  if (state === CK.CKS_RO_USER_FUNCTIONS) return
  const { flags } = guarded(name, () => module.api.C_GetTokenInfo(slot))
  if ((flags & CK.CKF_USER_PIN_LOCKED) !== 0) throw locked(`${name}: the PIN is locked`)
  if ((flags & CK.CKF_USER_PIN_FINAL_TRY) !== 0) {
    throw locked(`${name}: one more wrong PIN would lock it, so none is tried`)
  }
  sendPin(token, session, CK.CKU_USER, readPin)
}

/**
 * Sends the PIN once more, for a key that wants it before each signature.
 *
 * @throws RolesAnywhereError as {@link login}.
 */
export function loginForKey(token: Token, session: Handle, readPin: ReadPin): void {
  sendPin(token, session, CK.CKU_CONTEXT_SPECIFIC, readPin)
}

function sendPin(token: Token, session: Handle, user: number, readPin: ReadPin): void {
  const { module, serial, label } = token
  const name = `token "${label}"`
  const pin = readPin()?.reveal()
  // With a reader that has keys of its own, the person enters the PIN there.
  if (pin === undefined && (token.flags & CK.CKF_PROTECTED_AUTHENTICATION_PATH) === 0) {
    throw new RolesAnywhereError('ERR_RA_PIN_MISSING', `${name} asks for a PIN`, {
      hint: 'name a file that holds it with --pkcs11-pin-file or with pin-source=file:… in the URI, or set ROLESANYWHERE_PKCS11_PIN',
    })
  }
  const refused = module.refusedPins
  if (pin !== undefined && refused.get(serial)?.reveal() === pin) throw wrong(name)
  try {
    module.api.C_Login(session, user, pin)
    refused.delete(serial)
  } catch (cause) {
    const value = returnValueOf(cause)
    if (value === CK.CKR_USER_ALREADY_LOGGED_IN) return
    if (value === CK.CKR_PIN_LOCKED) throw locked(`${name}: the PIN is locked`, cause)
    if (!WRONG_PIN.includes(value)) throw asFailure(`${name}: logging in`, cause)
    const secret = readPin()
    if (secret) refused.set(serial, secret)
    throw wrong(name, cause)
  }
}

const wrong = (name: string, cause?: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_PIN_WRONG', `${name}: wrong PIN`, {
    cause,
    hint: 'check the PIN file; it is not tried again until it has another PIN, since the token counts wrong ones',
  })

const locked = (message: string, cause?: unknown): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_PIN_LOCKED', message, {
    cause,
    hint: "log in once with the token's own tool, or have its security officer set the PIN anew",
  })
