import { RolesAnywhereError } from '../errors.js'
import { CK, type Handle } from './cryptoki.js'
import { type Pkcs11Module, reasonOf } from './module.js'
import type { Pkcs11Uri } from './uri.js'

/** A token in a slot. */
export interface Token {
  readonly module: Pkcs11Module
  readonly slot: Handle
  readonly label: string
  readonly serial: string
  /** As they were when the token was found. */
  readonly flags: number
}

/**
 * The tokens that a URI may mean.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_MISSING` when there is none.
 */
export function findTokens(module: Pkcs11Module, uri: Pkcs11Uri): Token[] {
  const { api } = module
  const tokens = guarded(`${module.name}: listing tokens`, () =>
    matchesLibrary(module, uri) ? api.C_GetSlotList(true) : [],
  ).flatMap((slot) => tokenIn(module, slot, uri))
  if (tokens.length > 0) return tokens
  throw new RolesAnywhereError('ERR_RA_TOKEN_MISSING', `${uri.name}: no such token`, {
    hint: 'check that it is plugged in, and compare with `p11tool --list-tokens`; --pkcs11-lib says which module is asked',
  })
}

function tokenIn(module: Pkcs11Module, slot: Handle, uri: Pkcs11Uri): Token[] {
  const info = tokenInfo(module, slot)
  if (!info || (info.flags & CK.CKF_TOKEN_INITIALIZED) === 0) return []
  const token = {
    token: info.label,
    manufacturer: info.manufacturerID,
    serial: info.serialNumber,
    model: info.model,
  }
  const isMeant =
    fits(uri.token, token.token) &&
    fits(uri.manufacturer, token.manufacturer) &&
    fits(uri.serial, token.serial) &&
    fits(uri.model, token.model) &&
    matchesSlot(module, slot, uri)
  if (!isMeant) return []
  const [label, serial] = [unpadded(token.token), unpadded(token.serial)]
  return [{ module, slot, label, serial, flags: info.flags }]
}

/** A token that is being pulled out is no reason to fail: it is not there. */
function tokenInfo(
  { api }: Pkcs11Module,
  slot: Handle,
): ReturnType<Pkcs11Module['api']['C_GetTokenInfo']> | undefined {
  try {
    return api.C_GetTokenInfo(slot)
  } catch {
    return undefined
  }
}

function matchesLibrary({ api }: Pkcs11Module, uri: Pkcs11Uri): boolean {
  const { libraryManufacturer, libraryDescription, libraryVersion } = uri
  if ((libraryManufacturer ?? libraryDescription ?? libraryVersion) === undefined) return true
  const info = api.C_GetInfo()
  const { major, minor } = info.libraryVersion
  return (
    fits(libraryManufacturer, info.manufacturerID) &&
    fits(libraryDescription, info.libraryDescription) &&
    [undefined, `${major}.${minor}`, minor === 0 ? String(major) : undefined].includes(
      libraryVersion,
    )
  )
}

function matchesSlot({ api }: Pkcs11Module, slot: Handle, uri: Pkcs11Uri): boolean {
  if (uri.slotId !== undefined && uri.slotId !== numberOf(slot)) return false
  if ((uri.slotManufacturer ?? uri.slotDescription) === undefined) return true
  const info = api.C_GetSlotInfo(slot)
  return (
    fits(uri.slotManufacturer, info.manufacturerID) &&
    fits(uri.slotDescription, info.slotDescription)
  )
}

/** A handle is a CK_ULONG in the byte order of the machine; all that Node runs on are little-endian. */
const numberOf = (handle: Handle): number => handle.readUIntLE(0, Math.min(handle.length, 6))

const fits = (wanted: string | undefined, found: string): boolean =>
  wanted === undefined || unpadded(wanted) === unpadded(found)

/** Fields of fixed length are filled up with blanks. */
const unpadded = (text: string): string => text.replace(/[ \0]+$/, '')

/** Runs a call of the module; a failure names what was done, and the module's own reason. */
export function guarded<T>(what: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw asFailure(what, error)
  }
}

/** The failure of a call, unless it is one of ours already. */
export function asFailure(what: string, error: unknown): RolesAnywhereError {
  if (error instanceof RolesAnywhereError) return error
  return new RolesAnywhereError('ERR_RA_PKCS11_FAILED', `${what} failed${reasonOf(error)}`, {
    cause: error,
    hint: 'check the token with `pkcs11-tool --test`, and that it is still plugged in',
  })
}
