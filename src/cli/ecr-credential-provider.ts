import {
  credentialProviderResponse,
  MAX_REQUEST_BYTES,
  noCredentialsResponse,
  parseCredentialProviderRequest,
} from '../ecr/credential-provider.js'
import { parseRegistryHost } from '../ecr/registry-host.js'
import { serviceAccountRole } from '../ecr/service-account-role.js'
import { kindOf, RolesAnywhereError } from '../errors.js'
import type { Command, FlagValues, Io } from './command.js'
import { commandLog } from './command-log.js'
import { EXIT_STATUS } from './exit-status.js'
import { ECR_FLAGS, loadEcrSettings } from './ecr-settings.js'
import { ecrTokens } from './ecr-tokens.js'
import { readInput } from './read-input.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/** The kubelet ends a plugin after a minute, and says then that it was killed and not why. */
const DEADLINE_MS = 45_000

/**
 * Answers one request of the kubelet for registry credentials.
 *
 * @see https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
 */
export const ecrCredentialProviderCommand: Command = {
  usage: 'ecr credential-provider [flags]',
  summary: 'Give the kubelet passwords for Amazon ECR',
  description: `Reads one CredentialProviderRequest from standard input and prints one
CredentialProviderResponse. The kubelet runs it as rolesanywhere-ecr-credential-provider, which is
this command under a name of its own; settings come from env and args of its configuration, which
ecr credential-provider-config writes.

For images that are not in Amazon ECR the answer holds no credentials. Every failure is one line on
standard error, which the kubelet puts into its log, within 45 seconds.`,
  flags: [...ECR_FLAGS, ...WORKLOAD_FLAGS],
  // Some configurations have "get-credentials" here, as the provider of AWS does.
  arguments: { min: 0, max: 1 },
  example: 'ecr credential-provider --config-profile images < request.json',
  async run({ flags }, io) {
    const limit = new AbortController()
    const late = new RolesAnywhereError(
      'ERR_RA_SESSION_TIMEOUT',
      `no credentials within ${DEADLINE_MS / 1000} s`,
      { hint: 'check routes, firewalls and proxies to IAM Roles Anywhere and Amazon ECR' },
    )
    const over = io.clock.sleep(DEADLINE_MS, { signal: limit.signal }).then(() => {
      if (!limit.signal.aborted) limit.abort(late)
      throw late
    })
    over.catch(() => {})
    try {
      // Also for what no signal ends, such as reading standard input.
      return await Promise.race([
        answer(flags, io, AbortSignal.any([limit.signal, io.signal])),
        over,
      ])
    } catch (error) {
      if (!(error instanceof RolesAnywhereError)) throw error
      // One line: the kubelet quotes all of it in an event of its own log.
      const hint = error.hint === undefined ? '' : `; hint: ${error.hint}`
      io.stderr(`error: ${error.message} (${error.code})${hint}\n`)
      return EXIT_STATUS[error.kind]
    } finally {
      limit.abort()
    }
  },
}

async function answer(flags: FlagValues, io: Io, signal: AbortSignal): Promise<number> {
  const request = parseCredentialProviderRequest(await readInput(io, MAX_REQUEST_BYTES))
  const log = commandLog('ecr-credential-provider', flags, io, 'error')
  const settings = await loadEcrSettings(flags, io)
  const found = parseRegistryHost(request.image, settings.registries.aliases)
  if (!found) {
    log.warn('the image is not in a registry of Amazon ECR: check matchImages')
    return print(io, noCredentialsResponse(request))
  }
  const { registry, host } = found
  const role = serviceAccountRole(request, settings.registries.serviceAccounts, io.clock.now())
  const tokens = ecrTokens({ ...settings, flags, io, log, signal })
  try {
    const token = await tokens.token(registry, role && { role })
    return print(io, credentialProviderResponse(request, host, token, io.clock.now()))
  } catch (error) {
    if (registry.kind !== 'public' || kindOf(error) !== 'denied') throw error
    log.warn('no credentials for the public gallery, which everybody may pull from', { error })
    return print(io, noCredentialsResponse(request))
  }
}

function print(io: Io, document: object): number {
  io.stdout(`${JSON.stringify(document)}\n`)
  return 0
}
