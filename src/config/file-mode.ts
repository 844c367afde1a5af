import { RolesAnywhereError } from '../errors.js'

/** Permission bits that a file with a secret may be made with. */
export type FileMode = 0o600 | 0o640 | 0o644

const MODES: ReadonlyMap<string, FileMode> = new Map([
  ['0600', 0o600],
  ['0640', 0o640],
  ['0644', 0o644],
])

/** All that {@link parseFileMode} takes, for people and shells. */
export const FILE_MODES: readonly string[] = [...MODES.keys()]

/**
 * Reads permission bits: 0600, 0640 or 0644, with or without the leading zero.
 *
 * @param flag Names the value in errors.
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function parseFileMode(text: string, flag: string): FileMode {
  const mode = MODES.get(text.padStart(4, '0'))
  if (mode !== undefined) return mode
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${flag} is not 0600, 0640 or 0644`, {
    hint: '0600: this user, 0640: and its group, 0644: everyone who sees the folder',
  })
}
