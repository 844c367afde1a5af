import { RolesAnywhereError } from '../../src/errors.js'

/** Permission bits that a token file may be made with. */
export type TokenFileMode = 0o600 | 0o640 | 0o644

const MODES: ReadonlyMap<string, TokenFileMode> = new Map([
  ['0600', 0o600],
  ['0640', 0o640],
  ['0644', 0o644],
])

/**
 * Mode of a token file unless another one is asked for: everyone who sees the volume that it lies in
 * may read it. The containers of a pod run as different users, and without an `fsGroup` they have no
 * group in common, so that a stricter mode would shut out the very applications that the file is
 * for; which containers see the volume is what the pod decides by mounting it. On a machine that is
 * shared with other users, ask for 0600 or 0640.
 */
export const DEFAULT_TOKEN_FILE_MODE: TokenFileMode = 0o644

/**
 * Reads the value of `--authorization-token-file-mode`: 0600, 0640 or 0644, with or without the
 * leading zero.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function parseTokenFileMode(text: string): TokenFileMode {
  const mode = MODES.get(text.padStart(4, '0'))
  if (mode !== undefined) return mode
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_INVALID',
    'flag --authorization-token-file-mode is not 0600, 0640 or 0644',
    { hint: '0600: this user, 0640: and its group, 0644: everyone who sees the folder' },
  )
}
