import { createHash } from 'node:crypto'
import { type AuthorizationToken, dockerConfigJson } from '../../src/index.js'
import { Secret } from '../../src/secret.js'
import type { KubeObject } from '../kube/objects.js'

const TYPE = 'kubernetes.io/dockerconfigjson'
const KEY = '.dockerconfigjson'

/** Marks Secrets that this program made; it never touches another. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'rolesanywhere-pull-secrets' } as const

/** When the password of each registry ends, as JSON: `{"HOST":"2026-01-01T00:00:00.000Z"}`. */
const EXPIRATIONS = 'rolesanywhere.io/registry-expirations'
/** Digest of the content as it was written, to notice what somebody else changed. */
const DIGEST = 'rolesanywhere.io/content-digest'

/** A Secret of the API. */
export interface SecretObject extends KubeObject {
  readonly type?: string
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>
}

/** One registry as the Secret holds it. */
export interface RegistryEntry {
  /** The classic host; names the registry in metrics and messages. */
  readonly registry: string
  /** Every host name that the password is good for. */
  readonly hosts: readonly string[]
  readonly token: Pick<AuthorizationToken, 'username' | 'password' | 'expiresAt' | 'lifeMs'>
}

/** What is remembered of a Secret that exists. No password: those are in the API server only. */
export interface SecretFacts {
  readonly uid: string
  readonly resourceVersion: string
  /** Whether this program made it. */
  readonly owned: boolean
  /** Whether type and content are as this program wrote them. */
  readonly intact: boolean
  readonly terminating: boolean
  /** End of each registry's password, in milliseconds since the epoch. */
  readonly expirations: ReadonlyMap<string, number>
}

/** Reads what matters of a Secret of our name. */
export function secretFacts(secret: SecretObject): SecretFacts {
  const { uid = '', resourceVersion = '', labels, annotations, deletionTimestamp } = secret.metadata
  const [label] = Object.entries(MANAGED_BY)
  const content = secret.data?.[KEY] ?? ''
  return {
    uid,
    resourceVersion,
    owned: label !== undefined && labels?.[label[0]] === label[1],
    intact: secret.type === TYPE && annotations?.[DIGEST] === digestOf(content),
    terminating: deletionTimestamp !== undefined,
    expirations: readExpirations(annotations?.[EXPIRATIONS]),
  }
}

/**
 * The Secret as it should be. What other programs put on the one that exists stays: labels,
 * annotations, owners, further keys.
 *
 * @param before The Secret that exists; its UID stays, since kubelets remember pulls by it.
 * @param keep Registries without a password now, whose entries of `before` are still good.
 */
export function pullSecret(
  key: { readonly namespace: string; readonly name: string },
  entries: readonly RegistryEntry[],
  before?: SecretObject,
  keep: readonly KeptEntry[] = [],
): SecretObject {
  const made = JSON.parse(dockerConfigJson(entries).reveal()) as DockerConfig
  const old = readDockerConfig(before?.data?.[KEY])
  for (const { hosts } of keep) {
    for (const host of hosts) {
      const auth = old.auths[host]
      if (auth !== undefined) made.auths[host] = auth
    }
  }
  const auths = Object.fromEntries(Object.entries(made.auths).sort(([a], [b]) => (a < b ? -1 : 1)))
  const content = new Secret(Buffer.from(JSON.stringify({ auths })).toString('base64'))
  const expirations = [
    ...entries.map(({ registry, token }) => [registry, token.expiresAt.getTime()] as const),
    ...keep.map(({ registry, expiresAtMs }) => [registry, expiresAtMs] as const),
  ].map(([registry, ms]) => [registry, new Date(ms).toISOString()])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    ...before,
    metadata: {
      ...(before?.metadata ?? key),
      labels: { ...before?.metadata.labels, ...MANAGED_BY },
      annotations: {
        ...before?.metadata.annotations,
        [EXPIRATIONS]: JSON.stringify(Object.fromEntries(expirations)),
        [DIGEST]: digestOf(content.reveal()),
      },
    },
    type: TYPE,
    data: { ...before?.data, [KEY]: content.reveal() },
  }
}

/** An entry of the Secret that exists which is not renewed now. */
export interface KeptEntry {
  readonly registry: string
  readonly hosts: readonly string[]
  readonly expiresAtMs: number
}

interface DockerConfig {
  readonly auths: Record<string, unknown>
}

function readDockerConfig(content: string | undefined): DockerConfig {
  try {
    const text = Buffer.from(content ?? '', 'base64').toString('utf8')
    const { auths } = JSON.parse(text) as { auths?: unknown }
    return { auths: typeof auths === 'object' && auths !== null ? { ...auths } : {} }
  } catch {
    return { auths: {} }
  }
}

function readExpirations(text: string | undefined): ReadonlyMap<string, number> {
  try {
    const values = Object.entries(JSON.parse(text ?? '{}') as Record<string, unknown>)
    const instants = values.map(([name, value]) => [name, Date.parse(String(value))] as const)
    return new Map(instants.filter(([, ms]) => Number.isFinite(ms)))
  } catch {
    return new Map()
  }
}

/** Of what is in the API server anyway: it gives nothing away that its readers do not have. */
const digestOf = (content: string): string =>
  `sha256:${createHash('sha256').update(content).digest('base64url')}`
