import {
  type CachedSessionInit,
  cachedSession,
  type IdentifiedSession,
  type SharedSession,
} from '../cache/cached-session.js'
import type { Logger } from '../log.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import { loadIdentity } from '../session/identity-files.js'
import { sessionSource, type Workload } from '../session/session-source.js'
import type { Identity } from '../x509/identity.js'
import type { Io } from './command.js'

/** What it takes to ask the service. */
export interface ObtainInit {
  readonly workload: Workload
  readonly io: Pick<Io, 'clock' | 'env' | 'signal'>
  readonly log: Logger
  /** Certificate and key, when they have been read already. */
  readonly identity?: Identity | undefined
}

/**
 * Credentials from the service, through the cache if there is one. In a file of its own, because a
 * call that finds a session in the cache needs nothing of it.
 *
 * @throws RolesAnywhereError of every kind but `usage`.
 */
export async function obtainCredentials(
  init: ObtainInit,
  cache: Pick<CachedSessionInit, 'folder' | 'identity'> | undefined,
): Promise<SessionCredentials> {
  return (await obtainSession(init, cache)).credentials
}

/** As {@link obtainCredentials}, for whoever signs with them and needs the service's time for it. */
export async function obtainSession(
  init: ObtainInit,
  cache: Pick<CachedSessionInit, 'folder' | 'identity'> | undefined,
): Promise<SharedSession> {
  const { io, log, workload } = init
  if (cache === undefined) {
    const { credentials, clockOffsetMs } = await obtain(init, workload.timeoutMs, io.signal)
    return { credentials, clockOffsetMs, issuedAt: io.clock.now() }
  }
  return cachedSession(
    { ...cache, timeoutMs: workload.timeoutMs },
    {
      obtain: async (timeoutMs, signal) => obtain(init, timeoutMs, signal),
      clock: io.clock,
      random: Math.random,
      log,
      signal: io.signal,
    },
  )
}

async function obtain(
  { workload, io, log, identity }: ObtainInit,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<IdentifiedSession> {
  const used = identity ?? (await readIdentity(workload, io.env, log))
  const deps = { env: io.env, clock: io.clock, random: Math.random, log }
  const source = sessionSource({ ...workload, timeoutMs }, { ...deps, identity: async () => used })
  const { certificate } = used
  // Node gives one attribute a line.
  const issuer = certificate.issuer.replaceAll('\n', ', ')
  return { ...(await source(signal)), issuer, serial: certificate.serialNumber }
}

/** Certificate and key from their files, with a line for everything that is odd about them. */
export async function readIdentity(
  { identityFiles }: Workload,
  env: Io['env'],
  log: Logger,
): Promise<Identity> {
  const identity = await loadIdentity(identityFiles, env)
  for (const warning of identity.warnings ?? []) log.warn(warning)
  return identity
}
