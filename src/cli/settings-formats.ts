import { SETTINGS } from '../config/settings.js'
import { checkProviderConfig } from '../ecr/check-provider-config.js'
import { providerConfig } from '../ecr/provider-config.js'
import { providerConfigYaml } from '../ecr/provider-config-yaml.js'
import { RolesAnywhereError } from '../errors.js'
import type { DeployedTarget } from './deployed-target.js'

/** Values for all formats; each takes what it needs. */
export interface FormatInit {
  readonly target: DeployedTarget
  /** Certificate, private key and intermediates by flag, those that were given. */
  readonly files: Readonly<Record<string, string>>
  /** Name of the profile, of the ConfigMap. */
  readonly name: string
  /** Namespaces that the injector serves; empty: no allow-list is written. */
  readonly namespaces: readonly string[]
  /** Where images come from; only read where a format needs it. */
  readonly registryHost: () => string
}

interface Format {
  /** The role that is meant where none is named. */
  readonly role: 'bucket-lister' | 'image-puller'
  readonly write: (init: FormatInit) => string
}

/** Each form in which settings are wanted. */
export const FORMATS = {
  'aws-config': { role: 'bucket-lister', write: awsConfig },
  'serve-args': { role: 'bucket-lister', write: (init) => `${serveArguments(init).join(' ')}\n` },
  env: { role: 'bucket-lister', write: environmentFile },
  injector: { role: 'bucket-lister', write: injectorConfiguration },
  'config-map': { role: 'bucket-lister', write: configMap },
  kubelet: { role: 'image-puller', write: kubeletConfiguration },
  'pull-secrets': { role: 'image-puller', write: pullSecretsArguments },
} as const satisfies Record<string, Format>

/** Name of a form. */
export type FormatName = keyof typeof FORMATS

/** Values by the row of the settings table that takes them. */
function rows({ target, files }: FormatInit): (readonly [row: Row, value: string])[] {
  const values: Readonly<Record<string, string | undefined>> = {
    ...files,
    [SETTINGS.trustAnchorArn.flag]: target.trustAnchorArn,
    [SETTINGS.profileArn.flag]: target.profileArn,
    [SETTINGS.roleArn.flag]: target.roleArn,
  }
  return ROWS.flatMap((row) => {
    const value = values[row.flag]
    return value === undefined ? [] : [[row, value] as const]
  })
}

const ROWS = [
  SETTINGS.certificate,
  SETTINGS.privateKey,
  SETTINGS.intermediates,
  SETTINGS.trustAnchorArn,
  SETTINGS.profileArn,
  SETTINGS.roleArn,
] as const
type Row = (typeof ROWS)[number]

function awsConfig(init: FormatInit): string {
  const { name, target } = init
  const section = name === 'default' ? '[default]' : `[profile ${name}]`
  const lines = [
    section,
    `credential_process = rolesanywhere credential-process --config-profile ${name}`,
    `region = ${target.region}`,
    ...rows(init).map(([{ profileKey }, value]) => `${profileKey} = ${value}`),
  ]
  return `${lines.join('\n')}\n`
}

const serveArguments = (init: FormatInit): string[] =>
  rows(init).flatMap(([{ flag }, value]) => [`--${flag}`, shellWord(value)])

function environment(init: FormatInit): (readonly [string, string])[] {
  return [
    ...rows(init).map(([{ env }, value]) => [env, value] as const),
    ['AWS_REGION', init.target.region],
  ]
}

/** Lines as docker's `--env-file` and systemd's `EnvironmentFile` read them. */
function environmentFile(init: FormatInit): string {
  return `${environment(init)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}

function injectorConfiguration({ target, namespaces, name }: FormatInit): string {
  const { trustAnchorArn, profileArn, roleArn, region } = target
  const defaults = {
    'trust-anchor-arn': trustAnchorArn,
    'profile-arn': profileArn,
    'role-arn': roleArn,
    region,
  }
  const list = (values: readonly string[]): string => `[${values.map(quoted).join(', ')}]`
  const rule = [
    'allow:',
    `  - name: ${quoted(name)}`,
    `    namespaces: ${list(namespaces)}`,
    `    roleArns: ${list([roleArn])}`,
    `    profileArns: ${list([profileArn])}`,
    `    trustAnchorArns: ${list([trustAnchorArn])}`,
  ]
  const lines = [
    'apiVersion: rolesanywhere.io/v1alpha1',
    'kind: InjectorConfiguration',
    'defaults:',
    ...Object.entries(defaults).map(([key, value]) => `  ${key}: ${quoted(value)}`),
    ...(namespaces.length > 0 ? rule : []),
  ]
  return `${lines.join('\n')}\n`
}

function configMap(init: FormatInit): string {
  const lines = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    `  name: ${quoted(init.name)}`,
    'data:',
    ...environment(init).map(([name, value]) => `  ${name}: ${quoted(value)}`),
  ]
  return `${lines.join('\n')}\n`
}

function kubeletConfiguration(init: FormatInit): string {
  const config = providerConfig({
    name: 'rolesanywhere-ecr-credential-provider',
    partitions: [init.target.trustAnchorArn.split(':')[1] ?? 'aws'],
    aliases: [],
    env: Object.fromEntries(rows(init).map(([{ env }, value]) => [env, value])),
  })
  const problems = checkProviderConfig(config)
  if (problems.length === 0) return providerConfigYaml(config)
  throw new RolesAnywhereError(
    'ERR_RA_ECR_CONFIG_INVALID',
    `the kubelet would refuse this configuration: ${problems.join('; ')}`,
  )
}

function pullSecretsArguments(init: FormatInit): string {
  return `--registry ${shellWord(init.registryHost())} ${serveArguments(init).join(' ')}\n`
}

/** JSON texts are YAML texts. */
const quoted = (value: string): string => JSON.stringify(value)

const shellWord = (value: string): string =>
  /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
