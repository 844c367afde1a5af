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
  /** Somebody is going to wait for the first sessions. */
  readonly firstAwaited?: boolean
  /** How often the certificate files are looked at besides watching them. */
  readonly pollIntervalMs?: number
  /** Ask for new sessions as soon as there is a new certificate. */
  readonly refreshOnNewCertificate?: boolean
}

/** What may change while it runs. */
export interface Reloadable {
  /** By role name; the empty name is the default role. */
  readonly workloads: ReadonlyMap<string, Workload>
  /** Renew at the latest after this time, however long a session lives. */
  readonly refreshIntervalMs?: number
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
  reload(settings?: Reloadable): Promise<void>
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
  let { refreshIntervalMs } = options
  const keepers = new Map<string, SessionKeeper>()
  const [first] = workloads.values()
  if (!first) throw new TypeError('no role to serve')
  const files = (): Workload['identityFiles'] => (current.get('') ?? first).identityFiles

  const watch = followFiles(() => pathsOf(files()))

  const store = keepIdentity(() => readGeneration(files(), env), {
    clock,
    log: events.listening(deps.log),
    watch: watch.start,
    get sessionLifeMs() {
      return longest(current)
    },
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
    let made = { workload, obtain: sessionSource(workload, source) }
    const obtain: typeof made.obtain = async (signal, retries) => {
      const asked = current.get(name) ?? workload
      // What it keeps from call to call is not made anew without a reason.
      if (made.workload !== asked) made = { workload: asked, obtain: sessionSource(asked, source) }
      return made.obtain(signal, retries)
    }
    return keepSession(obtain, {
      ...options,
      clock,
      random,
      log,
      // Looked at on every attempt.
      get refreshIntervalMs() {
        return refreshIntervalMs ?? Number.POSITIVE_INFINITY
      },
      onAttempt: ({ error, durationMs }) =>
        counters.onRefresh(label, error === undefined ? 'success' : failureCode(error), durationMs),
    })
  }

  for (const [name, workload] of workloads) keepers.set(name, start(name, workload))
  return {
    keepers,
    store,
    workload: (name) => current.get(name),
    async reload(settings) {
      const before = new Map(current)
      const intervalBeforeMs = refreshIntervalMs
      if (settings) {
        for (const [name, workload] of settings.workloads) {
          if (current.has(name) && !same(current.get(name), workload)) current.set(name, workload)
        }
        refreshIntervalMs = settings.refreshIntervalMs
        watch.again()
      }
      const generation = store.generation()
      await store.reload()
      // A new certificate has woken those that fail already.
      const unwoken = store.generation() === generation
      for (const [name, keeper] of keepers) {
        const changed =
          !same(before.get(name), current.get(name)) || refreshIntervalMs !== intervalBeforeMs
        if (changed || (unwoken && keeper.lastFailure() !== undefined)) keeper.wake()
      }
    },
    async stop() {
      await Promise.all([store.stop(), ...[...keepers.values()].map(async (one) => one.stop())])
    },
  }
}

/** Watches the folders of files of which settings may name others one day. */
function followFiles(paths: () => readonly string[]): {
  start(onChange: () => void): () => void
  again(): void
} {
  let onChange = (): void => {}
  let unwatch = (): void => {}
  const again = (): void => {
    unwatch()
    unwatch = watchFolders(paths(), onChange)
  }
  return {
    start(listener) {
      onChange = listener
      again()
      return () => unwatch()
    },
    again,
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
