import { homedir } from 'node:os'
import { cacheBase, sessionFolder } from '../cache/cache-folder.js'
import type { CachedSessionInit, SharedSession } from '../cache/cached-session.js'
import { certificateBlocks } from '../cache/certificate-blocks.js'
import { sessionIdentity } from '../cache/session-identity.js'
import { resolveOptional, type Sources } from '../config/resolve.js'
import { SHARING_SETTINGS } from '../config/settings.js'
import { RolesAnywhereError } from '../errors.js'
import type { Identity } from '../x509/identity.js'
import { type ObtainInit, obtainSession } from './obtain-credentials.js'

/** Who asks, with certificate and key that have been read. */
export interface SessionInit extends ObtainInit {
  readonly identity: Identity
}

/** Something that is asked of AWS with a session. */
type Use<T> = (session: SharedSession) => Promise<T>

/**
 * Does something with the session that all processes of the user share, those of `credential-process`
 * included. A session that was there before and that ECR does not take is no reason to fail: it may
 * have been ended by an administrator, or the clock was set since; one obtained for this call decides.
 *
 * @throws RolesAnywhereError what CreateSession or `use` failed with.
 */
export async function withSharedSession<T>(init: SessionInit, use: Use<T>): Promise<T> {
  const cache = cacheFor(init)
  const begun = init.io.clock.now()
  const session = await obtainSession(init, cache)
  try {
    return await use(session)
  } catch (error) {
    if (session.issuedAt >= begun || !isRefused(error)) throw error
    init.log.debug('the shared session is not taken, asking with a new one', { error })
    return withOwnSession(init, use)
  }
}

/** Does something with a session for this call alone. */
export async function withOwnSession<T>(init: SessionInit, use: Use<T>): Promise<T> {
  return use(await obtainSession(init, undefined))
}

const isRefused = (error: unknown): boolean =>
  error instanceof RolesAnywhereError && error.code === 'ERR_RA_ECR_SESSION_REFUSED'

/** What docker and the kubelet start takes this one from the environment only. */
const NO_FLAGS: Pick<Sources, 'flags' | 'profile'> = {
  flags: { get: () => undefined, has: () => false },
  profile: { name: '', values: {} },
}

function cacheFor({
  workload,
  identity,
  io: { env },
  log,
}: SessionInit): Pick<CachedSessionInit, 'folder' | 'identity'> | undefined {
  if (resolveOptional(SHARING_SETTINGS.noCache, { ...NO_FLAGS, env })?.value) return undefined
  const folder = sessionFolder(cacheBase(env, homedir))
  if ('problem' in folder) {
    log.debug('sessions are not shared between processes', { problem: folder.problem })
    return undefined
  }
  const blocks = certificateBlocks(workload.identityFiles, env)
  const certificates = blocks ?? [identity.certificate.raw.toString('base64')]
  return { folder: folder.path, identity: sessionIdentity(workload, certificates) }
}
