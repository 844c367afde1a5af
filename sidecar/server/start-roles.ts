import type { Clock } from '../../src/clock.js'
import {
  keepIdentity,
  type IdentityStore,
  keepSession,
  readGeneration,
  type SessionKeeper,
  sessionSource,
  watchFolders,
  type Workload,
} from '../../src/index.js'
import { type Logger, logWith } from '../../src/log.js'
import type { EventList } from './event-list.js'
import type { SidecarCounters } from './observer.js'
import { failureCode, roleLabel } from './snapshot.js'

/** How sessions and certificate are kept. */
export interface RefreshOptions {
  /** Renew at the latest after this time, however long a session lives. */
  readonly refreshIntervalMs?: number
  /** The first session is asked for after a random share of this time. */
  readonly startSpreadMs?: number
  /** How often the certificate files are looked at besides watching them. */
  readonly pollIntervalMs?: number
  /** Ask for new sessions as soon as there is a new certificate. */
  readonly refreshOnNewCertificate?: boolean
}

/** Effects of {@link startRoles}. */
export interface RolesDeps {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  readonly events: EventList
  readonly counters: SidecarCounters
}

/** Roles that share one certificate, each with a session of its own. */
export interface Roles {
  /** By name; the empty name is the default role. */
  readonly keepers: ReadonlyMap<string, SessionKeeper>
  readonly store: IdentityStore
  /** What each role asks for now. */
  workload(name: string): Workload | undefined
  /** Looks at the certificate files, and takes new settings into use; roles keep their names. */
  reload(workloads?: ReadonlyMap<string, Workload>): Promise<void>
  stop(): Promise<void>
}

/** Starts keeping the certificate, and a session for each role. */
export function startRoles(
  workloads: ReadonlyMap<string, Workload>,
  options: RefreshOptions,
  deps: RolesDeps,
): Roles {
  const { env, clock, random, events, counters } = deps
  const current = new Map(workloads)
  const keepers = new Map<string, SessionKeeper>()
  const [first] = workloads.values()
  if (!first) throw new TypeError('no role to serve')
  const files = (): Workload['identityFiles'] => (current.get('') ?? first).identityFiles

  const store = keepIdentity(() => readGeneration(files(), env), {
    clock,
    log: events.listening(deps.log),
    watch: (onChange) => watchFolders(pathsOf(files()), onChange),
    sessionLifeMs: longest(workloads),
    ...(options.pollIntervalMs !== undefined && { pollIntervalMs: options.pollIntervalMs }),
    onReload(outcome) {
      counters.onReload('generation' in outcome ? 'success' : failureCode(outcome.error))
      if (!('generation' in outcome)) return
      for (const keeper of keepers.values()) {
        const failing = keeper.lastFailure() !== undefined
        if (failing || (options.refreshOnNewCertificate && keeper.current())) keeper.wake()
      }
    },
  })

  function start(name: string, workload: Workload): SessionKeeper {
    const label = roleLabel(name)
    const log = events.listening(logWith(deps.log, { role: label }), label)
    const source = { env, clock, random, log, identity: store.current }
    const obtain = async (signal: AbortSignal): ReturnType<ReturnType<typeof sessionSource>> =>
      sessionSource(current.get(name) ?? workload, source)(signal)
    return keepSession(obtain, {
      ...options,
      clock,
      random,
      log,
      onAttempt: ({ error, durationMs }) =>
        counters.onRefresh(label, error === undefined ? 'success' : failureCode(error), durationMs),
    })
  }

  for (const [name, workload] of workloads) keepers.set(name, start(name, workload))
  return {
    keepers,
    store,
    workload: (name) => current.get(name),
    async reload(renewed = current) {
      const before = new Map(current)
      for (const [name, workload] of renewed) if (current.has(name)) current.set(name, workload)
      const generation = store.generation()
      await store.reload()
      // A new certificate has woken those that fail already.
      const unwoken = store.generation() === generation
      for (const [name, keeper] of keepers) {
        const changed = !same(before.get(name), current.get(name))
        if (changed || (unwoken && keeper.lastFailure() !== undefined)) keeper.wake()
      }
    },
    async stop() {
      await Promise.all([store.stop(), ...[...keepers.values()].map(async (one) => one.stop())])
    },
  }
}

/** What is compared has no order of its own and no secret. */
const same = (one: Workload | undefined, other: Workload | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)

const pathsOf = ({
  certificate,
  privateKey,
  intermediates,
  passphraseFile,
}: Workload['identityFiles']): string[] =>
  [certificate, privateKey, intermediates, passphraseFile].filter((path) => path !== undefined)

const DEFAULT_SESSION_SECONDS = 3600

function longest(workloads: ReadonlyMap<string, Workload>): number {
  const seconds = [...workloads.values()].map(
    ({ params }) => params.durationSeconds ?? DEFAULT_SESSION_SECONDS,
  )
  return Math.max(...seconds) * 1000
}
