import { isAbsolute } from 'node:path'
import { loadConfigProfile } from '../config/config-profile.js'
import { resolveOptional, type Sources } from '../config/resolve.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../config/settings.js'
import { loadWorkload } from '../config/workload.js'
import { checkProviderConfig } from '../ecr/check-provider-config.js'
import { providerConfig } from '../ecr/provider-config.js'
import { providerConfigYaml } from '../ecr/provider-config-yaml.js'
import { REGISTRY_PARTITIONS } from '../ecr/registry-partitions.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command, FlagValues, Io } from './command.js'
import { ECR_FLAGS, ECR_SETTINGS, loadEcrSettings } from './ecr-settings.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

const DEFAULT_NAME = 'rolesanywhere-ecr-credential-provider'

/** Settings whose value is a file that the kubelet's process must find. */
const FILES: ReadonlySet<string> = new Set(
  [
    SETTINGS.certificate,
    SETTINGS.privateKey,
    SETTINGS.intermediates,
    SETTINGS.passphraseFile,
    SETTINGS.caBundle,
    ECR_SETTINGS.config,
  ].map(({ flag }) => flag),
)

/**
 * Writes the kubelet's configuration for the credential provider.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/
 */
export const ecrCredentialProviderConfigCommand: Command = {
  usage: 'ecr credential-provider-config [flags]',
  summary: "Print the kubelet's configuration for the credential provider",
  description: `Prints a CredentialProviderConfig in YAML: patterns for every registry host of the
partitions, and the settings given here as the provider's environment. It is checked by the rules by
which the kubelet would refuse to start. Give it to the kubelet with

  --image-credential-provider-config=FILE --image-credential-provider-bin-dir=FOLDER

The settings are written as they are; secrets are not among them, and files need absolute paths.`,
  flags: [
    {
      name: 'partition',
      value: 'NAME',
      repeatable: true,
      help: `partition to cover, for example aws-cn; default: all (${REGISTRY_PARTITIONS.join(', ')})`,
    },
    {
      name: 'name',
      value: 'FILE',
      help: `file name of the provider in the kubelet's folder (default ${DEFAULT_NAME})`,
    },
    {
      name: 'cache-dir',
      value: 'FOLDER',
      help: 'where the provider keeps passwords; the kubelet often has no home',
    },
    {
      name: 'service-account-audience',
      value: 'AUDIENCE',
      help: 'have the kubelet send service account tokens for this audience (Kubernetes 1.34 or later)',
    },
    ...ECR_FLAGS,
    ...WORKLOAD_FLAGS,
  ],
  example:
    'ecr credential-provider-config --certificate /etc/pki/node.crt --private-key /etc/pki/node.key --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN',
  async run({ flags }, io) {
    const partitions = flags.all('partition')
    const unknown = partitions.find((name) => !REGISTRY_PARTITIONS.includes(name))
    if (unknown !== undefined) {
      throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --partition names no partition', {
        hint: `partitions are ${REGISTRY_PARTITIONS.join(', ')}`,
      })
    }
    // What is wrong with the settings must be found here and not on every node.
    await loadWorkload({ flags, env: io.env })
    const { registries } = await loadEcrSettings(flags, io)
    const audience = flags.get('service-account-audience')
    if (audience !== undefined && !registries.serviceAccounts) {
      throw new RolesAnywhereError(
        'ERR_RA_FLAG_CONFLICT',
        'flag --service-account-audience needs rules for service accounts',
        {
          hint: 'add serviceAccounts to the file of --ecr-config: without it every pod is refused',
        },
      )
    }
    const config = providerConfig({
      name: flags.get('name') ?? DEFAULT_NAME,
      partitions: partitions.length > 0 ? partitions : REGISTRY_PARTITIONS,
      aliases: [...registries.aliases.keys()],
      env: await environmentOf(flags, io),
      ...(audience !== undefined && { audience }),
    })
    const problems = checkProviderConfig(config)
    if (problems.length > 0) {
      throw new RolesAnywhereError(
        'ERR_RA_ECR_CONFIG_INVALID',
        `the kubelet would refuse this configuration: ${problems.join('; ')}`,
      )
    }
    io.stdout(providerConfigYaml(config))
    return 0
  },
}

/** Every setting that somebody gave, under the name of its variable. */
async function environmentOf(flags: FlagValues, io: Io): Promise<Record<string, string>> {
  refuseMappingFlags(flags)
  const profile = await loadConfigProfile(flags.get(PROGRAM_SETTINGS.configProfile.flag), io.env)
  const sources: Sources = { flags, env: io.env, profile }
  const settings: readonly Setting<unknown>[] = [
    ...Object.values(SETTINGS),
    ...Object.values(ECR_SETTINGS),
  ]
  const env: Record<string, string> = {}
  for (const setting of settings) {
    // As it was written: a parsed duration is no text any more.
    const found = resolveOptional({ ...setting, parse: (text) => text }, sources)
    if (setting.env === undefined || !found || found.source === 'default') continue
    const value = String(found.value)
    if (FILES.has(setting.flag) && !isAbsolute(value) && !/^(env|pkcs11):/.test(value)) {
      throw new RolesAnywhereError(
        'ERR_RA_SETTING_INVALID',
        `${found.source} is not an absolute path`,
        { hint: 'the kubelet runs the provider in a folder of its own choice' },
      )
    }
    env[setting.env] = value
  }
  const cache = flags.get('cache-dir')
  return cache === undefined ? env : { ...env, ROLESANYWHERE_CACHE_DIR: cache }
}

/** They have no variable: what they say would be lost. */
function refuseMappingFlags(flags: FlagValues): void {
  const given = ['registry-role', 'registry-alias'].find((name) => flags.all(name).length > 0)
  if (given === undefined) return
  throw new RolesAnywhereError('ERR_RA_FLAG_CONFLICT', `flag --${given} cannot be written here`, {
    hint: 'put it into a file, and name that with --ecr-config',
  })
}
