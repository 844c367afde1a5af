import type { Clock } from '../clock.js'
import { silentLogger } from '../log.js'
import { systemClock } from '../system-clock.js'
import type { ObtainedSession } from './create-session.js'
import { keepIdentity } from './identity-store.js'
import { type FromRolesAnywhereInit, workloadOf } from './provider-init.js'
import { readGeneration } from './read-generation.js'
import { keepSession, type SessionKeeper } from './session-keeper.js'
import { sessionSource, type Workload } from './session-source.js'
import { watchFolders } from './watch-folders.js'

/** What clients of the AWS SDK for JavaScript take as credentials; its strings are secret. */
export interface AwsCredentialIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

/** Gives credentials when an AWS SDK client asks for them. */
export type AwsCredentialIdentityProvider = () => Promise<AwsCredentialIdentity>

/** Effects of {@link fromRolesAnywhere}, for tests. */
export interface FromRolesAnywhereDeps {
  readonly clock?: Clock
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

/**
 * A credential provider for clients of the AWS SDK for JavaScript:
 * `new S3Client({ credentials: fromRolesAnywhere({…}) })`. One provider may serve many clients.
 *
 * The first call obtains a session; from then on it is renewed in the background, certificate files
 * that change are taken into use, and calls are answered with the session held until a minute before
 * its end. Nothing of it keeps the process alive.
 *
 * @returns a provider that rejects with a `RolesAnywhereError` when there is no session to be had.
 * @throws TypeError for options that are missing, unknown or malformed.
 * @see https://docs.aws.amazon.com/sdk-for-javascript/v3/developer-guide/setting-credentials-node.html
 */
export function fromRolesAnywhere(
  init: FromRolesAnywhereInit,
  deps: FromRolesAnywhereDeps = {},
): AwsCredentialIdentityProvider {
  const workload = workloadOf(init)
  const own = { ...init, env: { ...init.env } }
  let keeper: SessionKeeper | undefined
  return async () => {
    keeper ??= startKeeping(workload, own, deps)
    return plain(await keeper.obtained())
  }
}

function startKeeping(
  workload: Workload,
  { env = {}, logger: log = silentLogger, refreshIntervalMs }: FromRolesAnywhereInit,
  { clock = systemClock, random = Math.random }: FromRolesAnywhereDeps,
): SessionKeeper {
  const { identityFiles, params } = workload
  const paths = [identityFiles.certificate, identityFiles.privateKey, identityFiles.intermediates]
  const store = keepIdentity(() => readGeneration(identityFiles, env), {
    clock,
    log,
    watch: (onChange) =>
      watchFolders(
        paths.filter((path) => path !== undefined),
        onChange,
      ),
    ...(params.durationSeconds !== undefined && { sessionLifeMs: params.durationSeconds * 1000 }),
    onReload: (outcome) => {
      if ('generation' in outcome && keeper.lastFailure() !== undefined) keeper.wake()
    },
  })
  const source = sessionSource(workload, { env, clock, random, log, identity: store.current })
  const keeper = keepSession(source, {
    clock,
    random,
    log,
    background: true,
    ...(refreshIntervalMs !== undefined && { refreshIntervalMs }),
  })
  return keeper
}

function plain({ credentials }: ObtainedSession): AwsCredentialIdentity {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    sessionToken: sessionToken.reveal(),
    // A client that changes it must not change the session's.
    expiration: new Date(expiration),
  }
}
