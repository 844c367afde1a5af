import { SETTINGS } from '../../../src/config/settings.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { resolveTarget, type Target, type TargetParams } from '../../../src/index.js'
import { refusal } from '../refusal.js'

/** Runs a check of `serve`; its failure becomes a refusal that says where the value came from. */
function checked<T>(where: string, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof RolesAnywhereError)) throw error
    throw refusal('setting-invalid', `${where}: ${error.message}`, error.hint)
  }
}

/**
 * Seconds of a session, as `serve` would read them.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export const checkSessionDuration = (text: string, where: string): number =>
  checked(where, () => SETTINGS.sessionDurationSeconds.parse(text))

/**
 * A session name, as `serve` would read it.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export const checkSessionName = (text: string, where: string): string =>
  checked(where, () => SETTINGS.roleSessionName.parse(text))

/**
 * Whether trust anchor, profile, role and region are such and belong together.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export const checkTarget = (params: TargetParams, where: string): Target =>
  checked(where, () => resolveTarget(params))
