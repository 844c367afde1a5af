import type { Signer } from '../protocol/signer.js'
import { checkIdentity } from '../x509/check-identity.js'
import { createSigner } from '../x509/signer.js'
import { systemClock } from '../system-clock.js'
import { type IdentityFiles, loadIdentity } from './identity-files.js'

/** Optional tail of {@link loadSigner}. */
export interface LoadSignerOptions {
  /** Instant at which the certificate must be valid. Default: now. */
  readonly at?: Date
  /** Looked at for `env:NAME` sources. Default: empty. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Reads certificate, key and chain, checks what the service would refuse, and returns a signer.
 *
 * @throws RolesAnywhereError of kind `identity`.
 */
export async function loadSigner(
  files: IdentityFiles,
  { at = systemClock.now(), env = {} }: LoadSignerOptions = {},
): Promise<Signer> {
  const identity = await loadIdentity(files, env)
  checkIdentity(identity, at)
  return createSigner(identity)
}
