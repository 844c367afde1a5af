/** Permission bits that a token file may be made with. */
export type TokenFileMode = 0o600 | 0o640 | 0o644

/**
 * Mode of a token file unless another one is asked for: everyone who sees the volume that it lies in
 * may read it. The containers of a pod run as different users, and without an `fsGroup` they have no
 * group in common, so that a stricter mode would shut out the very applications that the file is
 * for; which containers see the volume is what the pod decides by mounting it. On a machine that is
 * shared with other users, ask for 0600 or 0640.
 */
export const DEFAULT_TOKEN_FILE_MODE: TokenFileMode = 0o644
