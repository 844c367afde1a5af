import { homedir } from 'node:os'
import { cacheBase, sessionFolder } from '../cache/cache-folder.js'
import { certificateBlocks } from '../cache/certificate-blocks.js'
import { freshSession } from '../cache/fresh-session.js'
import { sessionIdentity } from '../cache/session-identity.js'
import { resolveOptional } from '../config/resolve.js'
import { type Setting, SHARING_SETTINGS } from '../config/settings.js'
import { loadWorkload } from '../config/workload.js'
import type { Logger } from '../log.js'
import { processDocument } from '../protocol/documents.js'
import type { SessionCredentials } from '../protocol/session-credentials.js'
import type { Workload } from '../session/session-source.js'
import type { Command, FlagValues, Io } from './command.js'
import { commandLog } from './command-log.js'
import { flagOf, WORKLOAD_FLAGS } from './setting-flags.js'

/**
 * Prints one credential_process document and nothing else on standard output.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
export const credentialProcessCommand: Command = {
  usage: 'credential-process [flags]',
  summary: 'Print session credentials for the AWS config key credential_process',
  description: `In ~/.aws/config:

  [profile app]
  credential_process = rolesanywhere credential-process --config-profile app
  rolesanywhere_certificate = /etc/app/tls.crt
  rolesanywhere_private_key = /etc/app/tls.key
  rolesanywhere_trust_anchor_arn = arn:aws:rolesanywhere:…
  rolesanywhere_profile_arn = arn:aws:rolesanywhere:…
  rolesanywhere_role_arn = arn:aws:iam::…

A line written for aws_signing_helper works with only the program's name changed.

All processes of a user share their sessions, in files that only this user can
read: ROLESANYWHERE_CACHE_DIR, or rolesanywhere in $XDG_CACHE_HOME or ~/.cache.
See "cache list" and "cache clear".`,
  flags: [...Object.values(SHARING_SETTINGS).map(flagOf), ...WORKLOAD_FLAGS],
  example:
    'credential-process --certificate tls.crt --private-key tls.key --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN',
  async run({ flags }, io) {
    const workload = await loadWorkload({ flags, env: io.env })
    const credentials =
      (await fromSidecar(workload, flags, io)) ?? (await fromCacheOrService(workload, flags, io))
    io.stdout(`${JSON.stringify(processDocument(credentials))}\n`)
    return 0
  },
}

async function fromSidecar(
  workload: Workload,
  flags: FlagValues,
  io: Io,
): Promise<SessionCredentials | undefined> {
  const url = settingOf(SHARING_SETTINGS.sidecar, flags, io)
  if (url === undefined) return undefined
  const { askSidecar } = await import('./ask-sidecar.js')
  return askSidecar({
    url,
    tokenFile: settingOf(SHARING_SETTINGS.sidecarTokenFile, flags, io),
    roleArn: workload.params.roleArn,
    io,
    log: loudLog(flags, io),
  })
}

async function fromCacheOrService(
  workload: Workload,
  flags: FlagValues,
  io: Io,
): Promise<SessionCredentials> {
  const folder = trustedFolder(flags, io)
  // SDKs put what they find on standard error into their own errors: nothing but what matters.
  const log = commandLog('credential-process', flags, io, 'error')
  if (folder === undefined) {
    const { obtainCredentials } = await import('./obtain-credentials.js')
    return obtainCredentials({ workload, io, log }, undefined)
  }

  const blocks = certificateBlocks(workload.identityFiles, io.env)
  const known = blocks && sessionIdentity(workload, blocks)
  const fresh = known && freshSession(folder, known, io.clock.now())
  if (fresh) return fresh
  const { obtainCredentials, readIdentity } = await import('./obtain-credentials.js')
  if (known) return obtainCredentials({ workload, io, log }, { folder, identity: known })

  // Another format than PEM: what certificate it is, is known when it is open.
  const opened = await readIdentity(workload, io.env, log)
  const identity = sessionIdentity(workload, [opened.certificate.raw.toString('base64')])
  return (
    freshSession(folder, identity, io.clock.now()) ??
    obtainCredentials({ workload, io, log, identity: opened }, { folder, identity })
  )
}

function trustedFolder(flags: FlagValues, io: Io): string | undefined {
  if (settingOf(SHARING_SETTINGS.noCache, flags, io)) return undefined
  const folder = sessionFolder(cacheBase(io.env, homedir))
  if ('path' in folder) return folder.path
  const hint = 'set ROLESANYWHERE_CACHE_DIR to a folder of your own, or pass --no-cache'
  loudLog(flags, io).warn(`sessions are not shared between processes: ${folder.problem}; ${hint}`)
  return undefined
}

/** For what somebody has set up in vain, and would not learn otherwise. */
const loudLog = (flags: FlagValues, io: Io): Logger =>
  commandLog('credential-process', flags, io, 'warn')

const settingOf = <T>(setting: Setting<T>, flags: FlagValues, io: Io): T | undefined =>
  resolveOptional(setting, { flags, env: io.env, profile: { name: '', values: {} } })?.value
