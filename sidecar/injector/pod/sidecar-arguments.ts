import type { SidecarConfig } from '../config/injector-config.js'
import { FILE_MOUNT, IDENTITY_MOUNT, roleTokenMount, TOKEN_MOUNT } from '../names.js'
import type { InjectionSettings } from '../settings/resolve-settings.js'
import type { Placement } from './placement.js'
import type { Pod } from './pod.js'
import type { Ports } from './ports.js'
import type { SessionName } from './session-name.js'
import type { IdentityVolume } from './volumes.js'

/** What the injected containers are made from. */
export interface SidecarInit {
  readonly settings: InjectionSettings
  readonly config: SidecarConfig
  readonly placement: Placement
  readonly ports: Ports
  readonly identity: IdentityVolume
  readonly sessionName?: SessionName
  /** Roles that have a token of their own. */
  readonly guardedRoles: readonly string[]
  readonly pod: Pod
}

type FlagOf = readonly [name: string, value: string | undefined]

/** The command line of `serve`. Each flag is one argument with its value. */
export function serveArguments(init: SidecarInit): readonly string[] {
  const { settings, ports, config, guardedRoles } = init
  const named = [...settings.roleArns].filter(([name]) => name !== '')
  return [
    'serve',
    ...written([
      ...workloadFlags(init),
      ['listen', `127.0.0.1:${ports.credentials}`],
      ['health-listen', `${bracketed(config.healthHost)}:${ports.health}`],
      ['authorization-token-file', `${TOKEN_MOUNT}/token`],
      ...named.map(([name, arn]): FlagOf => ['role', `${name}=${literal(arn)}`]),
      ...guardedRoles.map((name): FlagOf => [
        'role-token-file',
        `${name}=${roleTokenMount(name)}/token`,
      ]),
    ]),
    ...(settings.imds ? ['--imds'] : []),
  ]
}

/** The command line of `update`. */
export const updateArguments = (init: SidecarInit): readonly string[] => [
  'update',
  ...written([
    ...workloadFlags(init),
    ['credentials-file', `${FILE_MOUNT}/credentials`],
    ['profile', 'default'],
  ]),
]

function workloadFlags({ settings, identity, sessionName }: SidecarInit): readonly FlagOf[] {
  const { roleArns, target, regionIsSet, sessionDurationSeconds } = settings
  return [
    ['certificate', `${IDENTITY_MOUNT}/${identity.files.certificate}`],
    ['private-key', `${IDENTITY_MOUNT}/${identity.files.privateKey}`],
    ['trust-anchor-arn', literal(settings.trustAnchorArn)],
    ['profile-arn', literal(settings.profileArn)],
    ['role-arn', literal(roleArns.get('') ?? '')],
    ['region', regionIsSet ? target.region : undefined],
    ['use-fips-endpoint', target.useFips ? 'true' : undefined],
    ['session-duration', sessionDurationSeconds?.toString()],
    ['role-session-name', sessionName?.text],
  ]
}

const written = (flags: readonly FlagOf[]): readonly string[] =>
  flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))

/** Kubernetes replaces `$(NAME)` in arguments. */
const literal = (text: string): string => text.replaceAll('$(', '$$$$(')

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
