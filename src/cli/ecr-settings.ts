import { loadConfigProfile } from '../config/config-profile.js'
import { resolveOptional, type Sources } from '../config/resolve.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../config/settings.js'
import type { ApiEndpointOptions } from '../ecr/api-endpoint.js'
import {
  addAlias,
  addRole,
  NO_REGISTRY_CONFIG,
  readRegistryConfig,
  type RegistryConfig,
} from '../ecr/registry-config.js'
import type { Registry } from '../ecr/registry-host.js'
import type { RegistryRole } from '../ecr/registry-roles.js'
import { RolesAnywhereError } from '../errors.js'
import type { Flag, FlagValues, Io } from './command.js'
import { flagOf, WORKLOAD_FLAGS } from './setting-flags.js'

const text = (value: string): string => value

/** Settings of the commands for ECR. */
export const ECR_SETTINGS = {
  config: {
    flag: 'ecr-config',
    value: 'FILE',
    env: 'ROLESANYWHERE_ECR_CONFIG',
    profileKey: 'rolesanywhere_ecr_config',
    parse: text,
    help: 'JSON file that maps registries to roles and other host names to registries',
  },
  endpoint: {
    flag: 'ecr-endpoint',
    value: 'URL',
    env: 'AWS_ENDPOINT_URL_ECR',
    profileKey: 'rolesanywhere_ecr_endpoint',
    parse: text,
    help: "another endpoint than the public one of ECR's API; plain http only to loopback",
  },
  publicEndpoint: {
    flag: 'ecr-public-endpoint',
    value: 'URL',
    env: 'AWS_ENDPOINT_URL_ECR_PUBLIC',
    profileKey: 'rolesanywhere_ecr_public_endpoint',
    parse: text,
    help: 'the same for ECR Public',
  },
} as const satisfies Record<string, Setting<unknown>>

/** Repeatable flags that add to the file. */
const MAPPING_FLAGS: readonly Flag[] = [
  {
    name: 'registry-role',
    value: 'REGISTRY=ARN',
    repeatable: true,
    help: 'role for a registry: ACCOUNT, ACCOUNT/REGION or public; adds to --ecr-config',
  },
  {
    name: 'registry-alias',
    value: 'HOST=REGISTRY-HOST',
    repeatable: true,
    help: 'another host name of a registry; adds to --ecr-config',
  },
]

/** Flags that say which registries there are and how to reach ECR. */
export const ECR_FLAGS: readonly Flag[] = [
  ...MAPPING_FLAGS,
  ...Object.values(ECR_SETTINGS).map(flagOf),
]

/** The workload's flags without `--region`, for commands where that is the registry's. */
export const WORKLOAD_FLAGS_BUT_REGION: readonly Flag[] = WORKLOAD_FLAGS.filter(
  ({ name }) => name !== SETTINGS.region.flag,
)

/** What the settings say about registries. */
export interface EcrSettings {
  readonly registries: RegistryConfig
  readonly endpoint: ApiEndpointOptions
}

/**
 * Reads the settings for ECR.
 *
 * @throws RolesAnywhereError of kind `config` or `usage`.
 */
export async function loadEcrSettings(flags: FlagValues, io: Io): Promise<EcrSettings> {
  const { env } = io
  const profile = await loadConfigProfile(flags.get(PROGRAM_SETTINGS.configProfile.flag), env)
  const sources: Sources = { flags, env, profile }
  const find = <T>(setting: Setting<T>): T | undefined => resolveOptional(setting, sources)?.value
  const path = find(ECR_SETTINGS.config)
  const override = find(ECR_SETTINGS.endpoint)
  const publicOverride = find(ECR_SETTINGS.publicEndpoint)
  return {
    registries: withFlags(
      path === undefined ? NO_REGISTRY_CONFIG : readRegistryConfig(path),
      flags,
    ),
    endpoint: {
      useFips: find(SETTINGS.useFips) ?? false,
      useDualstack: find(SETTINGS.useDualstack) ?? false,
      ...(override !== undefined && { override }),
      ...(publicOverride !== undefined && { publicOverride }),
    },
  }
}

function withFlags(config: RegistryConfig, flags: FlagValues): RegistryConfig {
  const aliases = new Map<string, Registry>(config.aliases)
  for (const [name, target] of pairs(flags, 'registry-alias')) {
    addAlias(aliases, name, target, 'flag --registry-alias')
  }
  const roles = new Map<string, RegistryRole>(config.roles)
  for (const [selector, arn] of pairs(flags, 'registry-role')) {
    addRole(roles, selector, arn, 'flag --registry-role')
  }
  return { ...config, aliases, roles }
}

function pairs(flags: FlagValues, name: string): (readonly [string, string])[] {
  return flags.all(name).map((value) => {
    const at = value.indexOf('=')
    if (at > 0) return [value.slice(0, at), value.slice(at + 1)] as const
    const { value: form = '' } = MAPPING_FLAGS.find((flag) => flag.name === name) ?? {}
    throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${name} has no "="`, {
      hint: `write --${name} ${form}`,
    })
  })
}
