import { loadWorkload } from '../config/workload.js'
import { processDocument } from '../protocol/documents.js'
import { sessionSource } from '../session/session-source.js'
import type { Command } from './command.js'
import { commandLog } from './command-log.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

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

A line written for aws_signing_helper works with only the program's name changed.`,
  flags: WORKLOAD_FLAGS,
  example:
    'credential-process --certificate tls.crt --private-key tls.key --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN',
  async run({ flags }, io) {
    // SDKs put what they find on standard error into their own errors: nothing but what matters.
    const log = commandLog('credential-process', flags, io, 'error')
    const workload = await loadWorkload({ flags, env: io.env })
    const obtain = sessionSource(workload, {
      env: io.env,
      clock: io.clock,
      random: Math.random,
      log,
    })
    const { credentials } = await obtain(io.signal)
    io.stdout(`${JSON.stringify(processDocument(credentials))}\n`)
    return 0
  },
}
