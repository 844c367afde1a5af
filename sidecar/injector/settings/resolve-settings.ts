import type { Target } from '../../../src/index.js'
import type { AnnotationName } from '../annotations.js'
import { ROLE_NAME } from '../names.js'
import { refusal, type Warn } from '../refusal.js'
import { type CertificateSource, resolveCertificateSource } from './certificate-source.js'
import { type Layers, type Setting, settingAt } from './layers.js'
import { listOf, pairsOf, truthOf, wordOf } from './lists.js'
import { checkSessionDuration, checkTarget } from './setting-checks.js'

/** How the sidecar runs: `auto` leaves it to the cluster's version. */
export const MODES = ['auto', 'native', 'container'] as const
/** What the containers behind the sidecar wait for. */
export const GATES = ['auto', 'credentials', 'listening', 'none'] as const

/** Where the sidecar goes in its list. */
export type Position =
  | { readonly kind: 'auto' | 'first' | 'last' }
  | { readonly kind: 'after'; readonly container: string }

/** Settings of one pod, checked, each from the layer that is nearest to it. */
export interface InjectionSettings {
  readonly trustAnchorArn: string
  readonly profileArn: string
  /** By name; the empty name is the default role. */
  readonly roleArns: ReadonlyMap<string, string>
  readonly target: Target
  /** Whether somebody set the region, or it is the trust anchor's. */
  readonly regionIsSet: boolean
  readonly sessionDurationSeconds?: number
  /** With its placeholders. */
  readonly roleSessionName?: string
  readonly certificate: CertificateSource
  /** Which role a container's URI names. */
  readonly containerRoles: ReadonlyMap<string, string>
  readonly containers?: readonly string[]
  readonly skipContainers: readonly string[]
  readonly imds: boolean
  readonly credentialsFile: boolean
  readonly mode: (typeof MODES)[number]
  readonly gate: (typeof GATES)[number]
  readonly position: Position
  /** The application ends a sidecar that would not end by itself. */
  readonly appQuitsSidecar: boolean
  readonly sidecarPatch?: string
  /** Every value that somebody gave, in the order in which people want to read them. */
  readonly sources: readonly (Setting & { readonly name: AnnotationName })[]
}

/** A setting, and how messages name it. */
type Found = Setting & { readonly where: string }

/** Below this, botocore takes every session for one that is about to end and asks on each call. */
const SHORT_SESSION_SECONDS = 1800

/** Clients of the metadata service want sessions with 25 minutes left; `serve` refuses shorter ones. */
const IMDS_SESSION_SECONDS = 2100

/**
 * Reads and checks all settings before any of them has an effect.
 *
 * @throws RolesAnywhereError `ERR_RA_INJECTION_REFUSED`.
 */
export function resolveSettings(layers: Layers, warn: Warn): InjectionSettings {
  const sources: (Setting & { readonly name: AnnotationName })[] = []
  const find = (name: AnnotationName): Found | undefined => {
    const found = settingAt(layers, name)
    if (!found) return undefined
    sources.push({ name, ...found })
    return { ...found, where: `${name} (${found.source})` }
  }
  const read = <T>(
    name: AnnotationName,
    parse: (text: string, where: string) => T,
  ): T | undefined => {
    const found = find(name)
    return found && parse(found.text, found.where)
  }
  const need = (name: AnnotationName): Found => find(name) ?? missing(layers, name)

  const role = need('role-arn')
  const profile = need('profile-arn')
  const trustAnchor = need('trust-anchor-arn')
  const region = find('region')
  const [roleArn, profileArn, trustAnchorArn] = [role.text, profile.text, trustAnchor.text]
  const named = read('roles', rolesOf) ?? new Map<string, string>()
  const roleArns = new Map([['', roleArn], ...named])
  const anchors = { trustAnchorArn, profileArn, region: region?.text }
  const around = [profile, trustAnchor, ...(region ? [region] : [])].map(({ where }) => where)
  const target = checkTarget({ ...anchors, roleArn }, [role.where, ...around].join(', '))
  for (const [name, arn] of named) {
    checkTarget({ ...anchors, roleArn: arn }, [`role "${name}"`, ...around].join(', '))
  }

  const certificate = resolveCertificateSource(layers)
  sources.push({ name: annotationOf(certificate), ...certificate.setting })
  const duration = read('session-duration', checkSessionDuration)
  if (duration !== undefined && duration < SHORT_SESSION_SECONDS) {
    warn(
      'session-short',
      `sessions of ${duration} s make some SDKs ask on every call; use 30m or more`,
    )
  }
  const imds = read('imds', truthOf) ?? false
  if (imds && duration !== undefined && duration < IMDS_SESSION_SECONDS) {
    throw refusal(
      'setting-invalid',
      `imds needs sessions of ${IMDS_SESSION_SECONDS} s or more, and session-duration is ${duration} s`,
      'use session-duration 1h',
    )
  }
  return {
    trustAnchorArn,
    profileArn,
    roleArns,
    target,
    regionIsSet: region !== undefined,
    certificate,
    containerRoles:
      read('container-roles', (text, where) => containerRolesOf(text, where, roleArns)) ??
      new Map<string, string>(),
    skipContainers: read('skip-containers', listOf) ?? [],
    imds,
    credentialsFile: read('credentials-file', truthOf) ?? false,
    mode: read('sidecar-mode', (text, where) => wordOf(text, MODES, where)) ?? 'auto',
    gate: read('startup-gate', (text, where) => wordOf(text, GATES, where)) ?? 'auto',
    position: read('sidecar-position', positionOf) ?? { kind: 'auto' },
    appQuitsSidecar: read('app-quits-sidecar', truthOf) ?? false,
    ...only('sessionDurationSeconds', duration),
    ...only('roleSessionName', find('role-session-name')?.text),
    ...only('containers', read('containers', listOf)),
    ...only('sidecarPatch', find('sidecar-patch')?.text),
    sources,
  }
}

function missing(layers: Layers, name: AnnotationName): never {
  throw refusal(
    'setting-missing',
    `${name} is not set`,
    `annotate the pod, its service account or its namespace with ${layers.prefix}/${name}, or put it into the defaults of the injector configuration`,
  )
}

const annotationOf = ({ kind }: CertificateSource): AnnotationName =>
  kind === 'spiffe' ? 'certificate-issuer' : `certificate-${kind}`

function rolesOf(text: string, where: string): ReadonlyMap<string, string> {
  const roles = pairsOf(text, where)
  for (const name of roles.keys()) {
    if (ROLE_NAME.test(name)) continue
    throw refusal(
      'annotation-invalid',
      `${where}: "${name}" is no name for a role`,
      'use up to 42 lower-case letters, digits and dashes: the name becomes part of a volume name',
    )
  }
  return roles
}

function containerRolesOf(
  text: string,
  where: string,
  roles: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const pairs = pairsOf(text, where)
  for (const role of pairs.values()) {
    if (role !== '' && roles.has(role)) continue
    throw refusal('annotation-invalid', `${where}: "${role}" is no role`, 'name it in roles')
  }
  return pairs
}

function positionOf(text: string, where: string): Position {
  const [, container] = /^after:\s*(\S+)$/.exec(text) ?? []
  if (container !== undefined) return { kind: 'after', container }
  if (text === 'auto' || text === 'first' || text === 'last') return { kind: text }
  throw refusal('annotation-invalid', `${where} is not first, last, after:CONTAINER or auto`)
}

function only<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V })
}
