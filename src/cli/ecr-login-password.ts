import { SETTINGS } from '../config/settings.js'
import { loadWorkload } from '../config/workload.js'
import { parseRegistryHost, privateRegistry, type Registry } from '../ecr/registry-host.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command, Flag, FlagValues, Io } from './command.js'
import { commandLog } from './command-log.js'
import {
  ECR_FLAGS,
  type EcrSettings,
  loadEcrSettings,
  WORKLOAD_FLAGS_BUT_REGION,
} from './ecr-settings.js'
import { ecrTokens, withValues } from './ecr-tokens.js'

const REGION: Flag = {
  name: 'region',
  value: 'REGION',
  help: "region of the registry; default: AWS_REGION, else the trust anchor's [AWS_REGION]",
}

/**
 * Prints a registry password, as `aws ecr get-login-password` does.
 *
 * @see https://docs.aws.amazon.com/cli/latest/reference/ecr/get-login-password.html
 */
export const ecrLoginPasswordCommand: Command = {
  usage: 'ecr login-password [flags]',
  summary: 'Print a password for docker login to a registry of Amazon ECR',
  description: `The user is always AWS; the password is good for 12 hours at the most, and for every
registry of the region that the role may use. Put it into docker's standard input:

  rolesanywhere ecr login-password --region eu-central-1 |
    docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-central-1.amazonaws.com

docker-credential-rolesanywhere does without docker login and without the 12 hours.`,
  flags: [
    REGION,
    {
      name: 'registry',
      value: 'HOST',
      help: 'registry to log in to, where the account matters for the role; or public.ecr.aws',
    },
    ...ECR_FLAGS,
    ...WORKLOAD_FLAGS_BUT_REGION,
  ],
  example: 'ecr login-password --region eu-central-1 --config-profile images',
  async run({ flags }, io) {
    const log = commandLog('ecr', flags, io, 'warn')
    const settings = await loadEcrSettings(flags, io)
    const own = withValues(flags, new Map([[SETTINGS.region.flag, undefined]]))
    const registry = await registryOf(flags, own, settings, io)
    const { password } = await ecrTokens({ ...settings, flags: own, io, log }).token(registry)
    io.stdout(`${password.reveal()}\n`)
    return 0
  },
}

async function registryOf(
  flags: FlagValues,
  own: FlagValues,
  { registries }: EcrSettings,
  { env }: Io,
): Promise<Registry> {
  const host = flags.get('registry')
  const region = flags.get('region')
  const named = host === undefined ? undefined : parseRegistryHost(host, registries.aliases)
  if (host !== undefined && !named) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_INVALID',
      'the value of --registry is not a registry host of Amazon ECR',
      { hint: 'write ACCOUNT.dkr.ecr.REGION.amazonaws.com; other names need --registry-alias' },
    )
  }
  if (named) {
    if (region === undefined || region === named.registry.region) return named.registry
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'the registry of --registry is not in the region of --region',
      { hint: 'leave out --region: the host says where the registry is' },
    )
  }
  const workload = await loadWorkload({ flags: own, env })
  const account = workload.params.roleArn.split(':')[4] ?? ''
  const wanted = region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || workload.region)
  const registry = privateRegistry(account, wanted)
  if (registry) return registry
  throw new RolesAnywhereError('ERR_RA_SETTING_INVALID', 'there are no registries in this region', {
    hint: 'a region is written like eu-central-1; check --region and AWS_REGION',
  })
}
