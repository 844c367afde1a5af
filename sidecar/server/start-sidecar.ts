import { createServer, type Server } from 'node:http'
import type { Clock } from '../../src/clock.js'
import type { SessionKeeper, Workload } from '../../src/index.js'
import type { Logger } from '../../src/log.js'
import { VERSION } from '../../src/version.js'
import {
  type Authorization,
  authorizationByRole,
  closedToAll,
  openToAll,
  tokenAuthorization,
} from './authorization.js'
import { connectionLimit, readLimits } from './connection-limit.js'
import type { SessionHolder } from './container-route.js'
import { createCredentialServer, type RouteName } from './credential-server.js'
import { createEventList } from './event-list.js'
import { createImds, type Imds, type ImdsTarget } from './imds-routes.js'
import { drain, listen } from '../listen.js'
import { listenAll } from './listen-all.js'
import type { ListenAddress } from '../listen-address.js'
import { createSidecarMetrics } from './metrics.js'
import type { Observer } from './observer.js'
import { quitRoute } from './quit-route.js'
import { certificateSnapshot, roleLabel, roleSnapshot } from './snapshot.js'
import { type RefreshOptions, type Reloadable, type Roles, startRoles } from './start-roles.js'
import { openTokenFile } from './token-file.js'
import type { TokenFileMode } from './token-file-mode.js'

const ROUTES: readonly RouteName[] = ['container', 'imds', 'none']

/** What to serve, to whom and where. */
export interface SidecarOptions extends RefreshOptions {
  /** Where SDKs ask; all addresses with port 0 get the same free port. */
  readonly listen: readonly ListenAddress[]
  /** Absent: no health listener. */
  readonly healthListen?: ListenAddress
  /** Absent: every process that reaches the port may ask. */
  readonly tokenFile?: string
  /** Without a token file: nobody gets credentials by the container routes. */
  readonly closed?: boolean
  /** Permission bits of token files that are made. */
  readonly tokenFileMode?: TokenFileMode
  /** Tokens of roles that are not opened by the one of {@link tokenFile}, by role name. */
  readonly roleTokenFiles?: ReadonlyMap<string, string>
  /** By role name; the empty name is the default role. */
  readonly workloads: ReadonlyMap<string, Workload>
  /** Also answer as the instance metadata service, for the default role. */
  readonly imds?: boolean
  /** Called when a client with the token of {@link tokenFile} ends the server; absent: none can. */
  readonly onQuit?: () => void
}

/** Effects of {@link startSidecar}. */
export interface SidecarDeps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** A running credential server. */
export interface Sidecar {
  /** Of the first credential listener, without a path and a final slash. */
  readonly url: string
  /** Of all of them. */
  readonly urls: readonly string[]
  readonly healthUrl?: string
  readonly sessions: ReadonlyMap<string, SessionKeeper>
  readonly observer: Observer
  /** Looks at the certificate files, and takes new settings into use; roles keep their names. */
  reload(settings?: Reloadable): Promise<void>
  /** Lets answers under way finish and ends everything else. */
  stop(): Promise<void>
}

/**
 * Starts the credential server and everything behind it. Sessions are asked for in the background:
 * it returns as soon as it listens.
 *
 * @throws RolesAnywhereError `ERR_RA_TOKEN_FILE_INVALID` or `ERR_RA_LISTEN_FAILED`; nothing is left
 *   running then.
 */
export async function startSidecar(options: SidecarOptions, deps: SidecarDeps): Promise<Sidecar> {
  const { clock } = deps
  const startedAt = clock.now()
  const background = new AbortController()
  const events = createEventList(clock)
  const log = events.listening(deps.log)
  const authorization = await authorize(options, {
    clock,
    log,
    signal: background.signal,
    ...(options.tokenFileMode !== undefined && { mode: options.tokenFileMode }),
  })
  const counters = createSidecarMetrics({
    version: VERSION,
    roles: [...options.workloads.keys()].map(roleLabel),
    routes: options.onQuit ? [...ROUTES, 'quit'] : ROUTES,
  })
  const roles = startRoles(options.workloads, options, { ...deps, events, counters })
  const observer: Observer = {
    ...counters,
    snapshot() {
      const certificate = certificateSnapshot(roles.store)
      return {
        startedAt,
        ...(certificate && { certificate }),
        roles: [...roles.keepers].map(([name, keeper]) =>
          roleSnapshot(name, roles.workload(name)?.params.roleArn ?? '', keeper),
        ),
        events: events.list(),
      }
    },
  }

  const servers: Server[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map(async (server) => drain(server, clock)))
    await roles.stop()
    background.abort()
  }
  try {
    const sessions = countingStale(roles.keepers, observer)
    const imds = options.imds ? imdsOf(roles, sessions, clock) : undefined
    const quit = options.onQuit && quitRoute(authorization, options.onQuit)
    const maxConnections = Math.ceil(connectionLimit(readLimits()) / options.listen.length)
    const makeServer = (): Server =>
      createCredentialServer({
        sessions,
        authorization,
        host: options.listen.map(({ host }) => host),
        log,
        clock,
        maxConnections,
        onAnswer: observer.onCredentialRequest,
        ...(imds && { imds }),
        ...(quit && { quit }),
      })
    const listeners = await listenAll(options.listen, makeServer)
    servers.push(...listeners.servers)
    const [url = ''] = listeners.urls
    const sidecar = { url, urls: listeners.urls, sessions: roles.keepers, observer, stop }
    const { reload } = roles
    if (!options.healthListen) return { ...sidecar, reload }
    const { createHealthApp } = await import('./health-app.js')
    const app = createHealthApp({
      snapshot: observer.snapshot,
      metrics: () => counters.text(observer.snapshot()),
      now: () => clock.now(),
      version: VERSION,
    })
    const health = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, app)
    health.maxConnections = 64
    const healthUrl = await listen(health, options.healthListen)
    servers.push(health)
    return { ...sidecar, reload, healthUrl }
  } catch (error) {
    await stop()
    throw error
  }
}

function imdsOf(
  roles: Roles,
  sessions: ReadonlyMap<string, SessionHolder>,
  clock: Clock,
): Imds | undefined {
  const [first, holder, keeper] = [roles.workload(''), sessions.get(''), roles.keepers.get('')]
  if (!first || !holder || !keeper) return undefined
  const target = (): ImdsTarget => {
    const { params, region } = roles.workload('') ?? first
    // The name goes with the credentials: after a change of the role, until the new session comes.
    return { roleArn: keeper.current()?.roleArn ?? params.roleArn, region }
  }
  return createImds({ holder, target, clock })
}

async function authorize(
  { tokenFile, closed = false, roleTokenFiles = new Map() }: SidecarOptions,
  deps: Parameters<typeof openTokenFile>[1],
): Promise<Authorization> {
  const open = async (path: string): Promise<Authorization> => {
    const file = await openTokenFile(path, deps)
    return tokenAuthorization(
      () => file.tokens(),
      async () => file.look(),
    )
  }
  const own = new Map<string, Authorization>()
  for (const [role, path] of roleTokenFiles) own.set(role, await open(path))
  const withoutToken = closed ? closedToAll : openToAll
  return authorizationByRole(own, tokenFile === undefined ? withoutToken : await open(tokenFile))
}

/** Tells the observer whenever a session is handed out that should have been renewed. */
function countingStale(
  keepers: ReadonlyMap<string, SessionKeeper>,
  observer: Observer,
): ReadonlyMap<string, SessionHolder> {
  const counting = ([name, keeper]: [string, SessionKeeper]): [string, SessionHolder] => {
    const current = (): ReturnType<SessionHolder['current']> => {
      const session = keeper.current()
      if (session && keeper.isStale()) observer.onStaleServed(roleLabel(name))
      return session
    }
    return [name, { current }]
  }
  return new Map([...keepers].map(counting))
}
