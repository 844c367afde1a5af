import type { Clock } from '../clock.js'
import { type Logger, logWith } from '../log.js'
import type { ObtainedSession, Retries } from '../session/create-session.js'
import type { Identity } from '../x509/identity.js'
import { type Generation, keepIdentity } from '../session/identity-store.js'
import { readGeneration } from '../session/read-generation.js'
import { keepSession, type SessionKeeper } from '../session/session-keeper.js'
import { sessionSource, type Workload } from '../session/session-source.js'
import { watchFolders } from '../session/watch-folders.js'
import { type ProfilePlace, writeProfile } from './write-profile.js'

const DEFAULT_SESSION_SECONDS = 3600

/** Effects of {@link keepProfile}. */
export interface KeepProfileDeps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/**
 * Starts keeping a profile of the shared credentials file fresh. A new session is written as soon as
 * there is one, and asked for when the one before is due or the certificate is a new one; failures are
 * tried again for as long as it takes, and leave the file as it is. A session that could not be
 * written is not asked for again, only written.
 */
export function keepProfile(
  workload: Workload,
  place: ProfilePlace,
  { env, clock, random, log: plainLog }: KeepProfileDeps,
): Pick<SessionKeeper, 'stop'> {
  const { identityFiles, params } = workload
  const log = logWith(plainLog, { file: place.path, profile: place.profile })
  let unwritten: ObtainedSession | undefined
  let used: Generation | undefined
  const store = keepIdentity(() => readGeneration(identityFiles, env), {
    clock,
    log: plainLog,
    watch: (onChange) => watchFolders(filesOf(identityFiles), onChange),
    sessionLifeMs: (params.durationSeconds ?? DEFAULT_SESSION_SECONDS) * 1000,
    onReload(outcome) {
      if (!('generation' in outcome)) return
      unwritten = undefined
      // An attempt under way looks for a new certificate by itself.
      if (keeper.status().nextAttemptAt) keeper.wake()
    },
  })
  const identity = async (): Promise<Identity> => {
    const current = await store.current()
    used = store.generation()
    return current
  }
  const obtain = sessionSource(workload, { env, clock, random, log, identity })

  async function renew(signal: AbortSignal, retries: () => Retries): Promise<ObtainedSession> {
    const session = unwritten ?? (await obtain(signal, retries))
    unwritten = isWorthKeeping(session, clock) ? session : undefined
    await writeProfile(place, session.credentials, { clock, log: plainLog, signal })
    unwritten = undefined
    return session
  }
  const keeper = keepSession(
    async (signal, retries) => {
      try {
        return await renew(signal, retries)
      } finally {
        // The certificate changed after this attempt had looked.
        if (store.generation() !== used) keeper.wake()
      }
    },
    { clock, random, log },
  )
  return {
    async stop() {
      await Promise.all([store.stop(), keeper.stop()])
    },
  }
}

/** SDKs take a session for stale when it has less time left than this. */
const LEAST_LEFT_MS = 15 * 60_000

const isWorthKeeping = ({ credentials, clockOffsetMs }: ObtainedSession, clock: Clock): boolean =>
  credentials.expiration.getTime() - clock.now().getTime() - clockOffsetMs > LEAST_LEFT_MS

const filesOf = (files: Workload['identityFiles']): string[] =>
  [files.certificate, files.privateKey, files.intermediates, files.passphraseFile].filter(
    (path) => path !== undefined,
  )
