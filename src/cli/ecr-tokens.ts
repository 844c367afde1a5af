import { SETTINGS } from '../config/settings.js'
import { loadWorkload } from '../config/workload.js'
import type { AuthorizationToken } from '../ecr/authorization-token.js'
import { cachedToken } from '../ecr/cached-token.js'
import { getAuthorizationToken } from '../ecr/get-authorization-token.js'
import type { Registry } from '../ecr/registry-host.js'
import { type RegistryRole, registryRoles } from '../ecr/registry-roles.js'
import { tokenName } from '../ecr/token-name.js'
import { openTokenStore } from '../ecr/token-store.js'
import type { Logger } from '../log.js'
import { createHttpClient, type Send } from '../session/http-client.js'
import { loadIdentity } from '../session/identity-files.js'
import { readCaBundle, type Workload } from '../session/session-source.js'
import { certificateFacts } from '../x509/certificate-facts.js'
import type { Identity } from '../x509/identity.js'
import type { FlagValues, Io } from './command.js'
import { withOwnSession, withSharedSession } from './ecr-session.js'
import type { EcrSettings } from './ecr-settings.js'

/** What {@link ecrTokens} is made of. */
export interface EcrTokensInit extends EcrSettings {
  /** As the command line has them. */
  readonly flags: FlagValues
  readonly io: Io
  readonly log: Logger
  /** Ends everything early; default: when the process is asked to end. */
  readonly signal?: AbortSignal
}

/** Passwords for the one-shot commands, which share them on disk. */
export interface EcrTokens {
  /**
   * @param refused A password that the registry did not accept; another one is wanted.
   * @param role Instead of the one that the settings give to the registry.
   */
  token(
    registry: Registry,
    options?: { readonly refused?: AuthorizationToken; readonly role?: RegistryRole | undefined },
  ): Promise<AuthorizationToken>
  /** A sender with the roots and the proxies of the settings. */
  sender(registry: Registry, maxResponseBytes: number): Promise<Send>
}

/** Passwords for registries, from the cache on disk or from AWS. */
export function ecrTokens(init: EcrTokensInit): EcrTokens {
  const { io, log, registries, signal = io.signal } = init
  const { env, clock } = io
  const roles = registryRoles(registries.roles)
  const store = openTokenStore({ env, clock, log, random: Math.random, signal })

  return {
    async token(registry, { refused, role = roles.roleFor(registry) } = {}) {
      const caller = await callerFor(role, init)
      const { subject, issuer } = certificateFacts(caller.identity.certificate)
      const fetch = async (): Promise<AuthorizationToken> =>
        askFor(registry, caller, init, withSharedSession)
      const name = tokenName(registry, caller.workload, { subject, issuer }, init.endpoint)
      const { kind: registries, region } = registry
      const owner = { roleArn: caller.workload.params.roleArn, registries, region }
      return cachedToken({ name, owner, fetch, refused }, { store, clock, log })
    },
    async sender(registry, maxResponseBytes) {
      const workload = await workloadFor(roles.roleFor(registry), init)
      return sendFor(workload, env, maxResponseBytes)
    },
  }
}

/**
 * Asks AWS for a registry's password, with the certificate files as they are then. For programs that
 * run on and keep passwords in memory.
 */
export function tokenFetcher(
  init: EcrTokensInit,
): (registry: Registry) => Promise<AuthorizationToken> {
  const roles = registryRoles(init.registries.roles)
  return async (registry) =>
    askFor(registry, await callerFor(roles.roleFor(registry), init), init, withOwnSession)
}

/** Who asks for a password. */
interface Caller {
  readonly workload: Workload
  readonly identity: Identity
}

async function workloadFor(
  role: RegistryRole | undefined,
  { flags, io }: EcrTokensInit,
): Promise<Workload> {
  return loadWorkload({ flags: role ? withRole(flags, role) : flags, env: io.env })
}

async function callerFor(role: RegistryRole | undefined, init: EcrTokensInit): Promise<Caller> {
  const workload = await workloadFor(role, init)
  return { workload, identity: await loadIdentity(workload.identityFiles, init.io.env) }
}

async function askFor(
  registry: Registry,
  { workload, identity }: Caller,
  { io, log, endpoint, signal = io.signal }: EcrTokensInit,
  useSession: typeof withSharedSession,
): Promise<AuthorizationToken> {
  const { env, clock } = io
  const send = sendFor(workload, env)
  const deps = { clock, random: Math.random, log, send, signal }
  return useSession({ workload, identity, io: { env, clock, signal }, log }, async (session) =>
    getAuthorizationToken(registry, session, endpoint, deps),
  )
}

function sendFor(
  { caBundle, verifyTls }: Workload,
  env: Io['env'],
  maxResponseBytes?: number,
): Send {
  return createHttpClient({
    env,
    verifyTls,
    ...(caBundle !== undefined && { caBundle: readCaBundle(caBundle) }),
    ...(maxResponseBytes !== undefined && { maxResponseBytes }),
  })
}

/** The same command line with the ARNs of another role; a trust anchor brings its own region. */
export function withRole(flags: FlagValues, role: RegistryRole): FlagValues {
  const { roleArn, profileArn, trustAnchorArn } = role
  const values = new Map<string, string>([[SETTINGS.roleArn.flag, roleArn]])
  if (profileArn !== undefined) values.set(SETTINGS.profileArn.flag, profileArn)
  if (trustAnchorArn !== undefined) {
    values.set(SETTINGS.trustAnchorArn.flag, trustAnchorArn)
    const region = trustAnchorArn.split(':')[3]
    if (region) values.set(SETTINGS.region.flag, region)
  }
  return withValues(flags, values)
}

/** Flag values with some of them replaced; an absent text takes the flag away. */
export function withValues(
  flags: FlagValues,
  values: ReadonlyMap<string, string | undefined>,
): FlagValues {
  const get = (name: string): string | undefined =>
    values.has(name) ? values.get(name) : flags.get(name)
  return {
    get,
    has: (name) => (values.has(name) ? values.get(name) !== undefined : flags.has(name)),
    all: (name) => flags.all(name),
  }
}
