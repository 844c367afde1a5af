import type { SidecarConfig } from '../config/injector-config.js'
import { FILE_MOUNT, IDENTITY_MOUNT, roleTokenMount, TOKEN_MOUNT } from '../names.js'
import type { InjectionSettings } from '../settings/resolve-settings.js'
import type { Placement } from './placement.js'
import { isToEnd, type Pod } from './pod.js'
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

/**
 * Flags for a sidecar that the kubelet ends together with the application, or never: it serves on while
 * the application ends, and the application of a pod that is to complete may end it.
 */
export function endingArguments({ placement, pod: { spec } }: SidecarInit): readonly string[] {
  if (placement.mode === 'native') return []
  const seconds = drainDelaySeconds(spec.terminationGracePeriodSeconds)
  return [
    ...(seconds > 0 ? [`--drain-delay=${seconds}`] : []),
    ...(isToEnd(spec) ? ['--quit'] : []),
  ]
}

/** @see https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination */
const DEFAULT_GRACE_SECONDS = 30
/** For the drain itself, which takes five seconds at most, and the kubelet's own work. */
const DRAIN_SECONDS = 10
/** The pod is there for as long, even when the application has ended: an hour of grace is no reason. */
const MAX_DRAIN_DELAY_SECONDS = 20

function drainDelaySeconds(grace: unknown): number {
  const seconds = typeof grace === 'number' ? grace : DEFAULT_GRACE_SECONDS
  return Math.min(Math.max(0, seconds - DRAIN_SECONDS), MAX_DRAIN_DELAY_SECONDS)
}

/** The command line of `update`. */
export const updateArguments = (init: SidecarInit): readonly string[] => [
  'update',
  ...written([
    ...workloadFlags(init),
    ['credentials-file', `${FILE_MOUNT}/credentials`],
    // As with the token: users differ, and who sees the volume is what the pod decides.
    ['credentials-file-mode', '0644'],
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
