import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { TokenSource } from '../../src/index.js'
import type { Logger } from '../../src/log.js'
import { VERSION } from '../../src/version.js'
import type { KubeClient } from '../kube/client.js'
import { createEventRecorder } from '../kube/event-recorder.js'
import { isRefusal } from '../kube/failure.js'
import { keepElecting } from '../kube/leader.js'
import { createRateLimit } from '../kube/rate-limit.js'
import { drain, listen } from '../listen.js'
import type { ListenAddress } from '../listen-address.js'
import { untilAborted } from '../until-aborted.js'
import { type ClusterCopy, copyCluster } from './cluster-copy.js'
import { type FreshTokens, keepTokensFresh, type PullRegistry } from './keep-tokens-fresh.js'
import { createPullSecretMetrics, type PullSecretMetrics } from './pull-secret-metrics.js'
import { type ReconcileContext, reconcileNamespace } from './reconcile.js'
import { type Condition, reportStatus } from './status-report.js'
import { isTarget, type TargetRules } from './targets.js'
import { createWorkQueue, type WorkQueue } from './work-queue.js'

const PARALLEL = 8

/** Everything is looked at again after this time, whatever the watches have told. */
const RESYNC_MS = 10 * 60_000

/** A namespace that failed so often is given up by a run that ends. */
const MAX_TRIES = 5

/** What to keep, and where. */
export interface PullSecretOptions {
  readonly registries: readonly PullRegistry[]
  readonly secretName: string
  readonly rules: TargetRules
  /** Only these namespaces, with rights in each of them alone; absent: the whole cluster. */
  readonly onlyNamespaces?: readonly string[]
  /** Limit of writes over all namespaces: a renewal must not be a storm on the API server. */
  readonly writesPerSecond: number
  /** Take everything of ours away instead. */
  readonly uninstall: boolean
  /** Namespace of the Lease and of the ConfigMap with the conditions. */
  readonly ownNamespace: string
  /** Name of both. */
  readonly name: string
  /** Of this process, unique. */
  readonly identity: string
}

/** Effects of the controller. */
export interface PullSecretDeps {
  readonly client: KubeClient
  readonly source: TokenSource
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** A running controller. */
export interface PullSecrets {
  readonly healthUrl?: string
  readonly leading: () => boolean
  /** Namespaces with something left to write. */
  readonly pending: () => number
  readonly metrics: () => string
  stop(): Promise<void>
}

/** What both ways of running share. */
interface Engine {
  readonly cluster: ClusterCopy
  readonly tokens: FreshTokens
  readonly metrics: PullSecretMetrics
  readonly context: ReconcileContext
  readonly text: (pending: number, leading: boolean) => string
  readonly targets: () => number
  stop(): Promise<void>
}

/**
 * Runs until it is stopped. Every replica follows the cluster and holds passwords; the one with the
 * Lease writes, so that another can take over within seconds.
 *
 * @throws RolesAnywhereError `ERR_RA_LISTEN_FAILED`.
 */
export async function startPullSecrets(
  options: PullSecretOptions & { readonly healthListen?: ListenAddress },
  deps: PullSecretDeps,
): Promise<PullSecrets> {
  const { client, clock, random, log } = deps
  let queue: WorkQueue | undefined
  const engine = startEngine(options, deps, {
    onChange: (namespace) => queue?.addFirst(namespace),
    onTokens: () => {
      addAll(queue, engine.cluster)
    },
  })
  const lead = async (term: AbortSignal): Promise<void> => {
    // While the API server refuses to list, the copy is never ready, and the term may well end.
    await Promise.race([engine.cluster.ready, untilAborted(term)])
    if (term.aborted) return
    const mine = startQueue(engine, deps)
    queue = mine
    const report = reportStatus(
      {
        namespace: options.ownNamespace,
        name: options.name,
        conditions: () => conditionsOf(engine, mine.size(), options.registries),
        client,
        clock,
        log,
      },
      term,
    )
    while (!term.aborted) {
      addAll(mine, engine.cluster)
      await clock.sleep(RESYNC_MS, { signal: term })
    }
    queue = undefined
    await Promise.all([mine.stop(), report])
  }
  let leading: Promise<void> = Promise.resolve()
  const { ownNamespace, name, identity } = options
  const election = keepElecting(
    { namespace: ownNamespace, name, identity },
    (term) => {
      leading = leading.then(async () => lead(term))
    },
    { client, clock, random, log },
  )
  const pending = (): number => queue?.size() ?? 0
  const metrics = (): string => engine.text(pending(), election.leading())
  let health: Server | undefined
  const stop = async (): Promise<void> => {
    await election.stop()
    await leading
    await engine.stop()
    if (health) await drain(health, clock)
  }
  const running = { leading: election.leading, pending, metrics, stop }
  if (!options.healthListen) return running
  try {
    const { createProbeApp } = await import('../probe-app.js')
    health = createServer(
      { requestTimeout: 10_000, headersTimeout: 10_000 },
      createProbeApp({ readiness: () => readiness(engine), metrics }),
    )
    health.maxConnections = 64
    return { ...running, healthUrl: await listen(health, options.healthListen) }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Brings every namespace to where it should be, once, and ends.
 *
 * @throws RolesAnywhereError the first failure that several tries did not get over, also of a registry
 *   whose password could not be obtained; everything else is done before.
 */
export async function runPullSecretsOnce(
  options: PullSecretOptions,
  deps: PullSecretDeps,
  signal: AbortSignal,
): Promise<void> {
  const engine = startEngine(options, deps, { onChange: () => {}, onTokens: () => {} })
  const failed: Error[] = []
  try {
    const read = engine.cluster.readWithin(MAX_TRIES, signal)
    await Promise.race([Promise.all([read, engine.tokens.first]), aborted(signal)])
    const queue = engine.cluster.namespaces()[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      for (const namespace of queue) {
        if (signal.aborted) return
        await persistently(namespace, engine, deps, signal).catch((error: unknown) => {
          engine.metrics.onWrite('failed')
          deps.log.error('namespace not done', { namespace, error })
          failed.push(error instanceof Error ? error : new Error(String(error)))
        })
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))
    const [failure] = [...engine.tokens.failures().values(), ...failed]
    if (failure !== undefined && !options.uninstall) throw failure
    if (failed[0] !== undefined) throw failed[0]
  } finally {
    await engine.stop()
  }
}

async function persistently(
  namespace: string,
  { context }: Engine,
  { clock, random }: PullSecretDeps,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await reconcileNamespace(namespace, context, signal)
      return
    } catch (error) {
      if (tries >= MAX_TRIES || signal.aborted) throw error
      await clock.sleep(200 * tries * (1 + random()), { signal })
    }
  }
}

function startEngine(
  options: PullSecretOptions,
  deps: PullSecretDeps,
  {
    onChange,
    onTokens,
  }: { readonly onChange: (namespace: string) => void; readonly onTokens: () => void },
): Engine {
  const { client, clock, log } = deps
  const { registries, rules, secretName, onlyNamespaces } = options
  const metrics = createPullSecretMetrics(
    VERSION,
    registries.map(({ name }) => name),
  )
  const events = createEventRecorder({
    client,
    clock,
    log,
    controller: 'rolesanywhere.io/pull-secrets',
    instance: options.identity,
    randomId: () => randomUUID().slice(0, 13),
  })
  const cluster = copyCluster(
    { secretName, rules, ...(onlyNamespaces && { onlyNamespaces }) },
    onChange,
    deps,
  )
  const tokens = keepTokensFresh(options.uninstall ? [] : registries, {
    ...deps,
    onChange: onTokens,
    onRefresh: metrics.onRefresh,
    onFailure: (registry, { message, hint }) => {
      events.record(
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          namespace: options.ownNamespace,
          name: options.name,
        },
        {
          type: 'Warning',
          reason: 'TokenRefreshFailed',
          action: 'RefreshToken',
          note: `${registry}: ${message}${hint === undefined ? '' : `; ${hint}`}`,
        },
      )
    },
  })
  const context: ReconcileContext = {
    client,
    clock,
    log,
    cluster,
    rules,
    secretName,
    registries: registries.map(({ name, hosts }) => ({ registry: name, hosts })),
    entries: tokens.entries,
    uninstall: options.uninstall,
    gate: createRateLimit(
      { perSecond: options.writesPerSecond, burst: 2 * options.writesPerSecond },
      clock,
    ),
    written: new WeakSet(),
    onWrite: metrics.onWrite,
    events,
  }
  const targets = (): number =>
    cluster.namespaces().filter((name) => {
      const facts = cluster.namespace(name)
      return facts !== undefined && isTarget(rules, name, facts)
    }).length
  return {
    cluster,
    tokens,
    metrics,
    context,
    targets,
    text: (pending, leading) =>
      metrics.text({
        tokens: registries.map((registry) => {
          const token = tokens.token(registry)
          return {
            registry: registry.name,
            ...(token && { expiresAt: token.expiresAt, obtainedAt: token.obtainedAt }),
          }
        }),
        namespaces: targets(),
        pending,
        leading,
      }),
    async stop() {
      await Promise.all([cluster.stop(), tokens.stop(), events.flush()])
    },
  }
}

function startQueue(
  { context, metrics }: Engine,
  { clock, random, log }: PullSecretDeps,
): WorkQueue {
  return createWorkQueue({
    work: async (namespace, signal) => reconcileNamespace(namespace, context, signal),
    onError: (namespace, error, failures) => {
      // Somebody else wrote first, or the copy is behind: the next look knows better.
      const expected = isRefusal(error, 'ERR_RA_KUBE_CONFLICT') && failures < MAX_TRIES
      if (!expected) metrics.onWrite('failed')
      log[expected ? 'debug' : 'warn']('namespace not done, trying again', {
        namespace,
        error,
        failures,
      })
    },
    parallel: PARALLEL,
    clock,
    random,
  })
}

function addAll(queue: WorkQueue | undefined, cluster: ClusterCopy): void {
  if (!queue) return
  for (const namespace of cluster.namespaces()) queue.add(namespace)
}

/** Ready says that this replica could write: it knows the cluster, and has a password to write. */
function readiness({ cluster, tokens }: Engine): { ready: boolean; text: string } {
  if (!cluster.synced()) return { ready: false, text: 'reading namespaces and service accounts' }
  if (tokens.entries().length === 0) {
    return { ready: false, text: 'waiting for an authorization token' }
  }
  return { ready: true, text: 'ok' }
}

function conditionsOf(
  { tokens, targets }: Engine,
  pending: number,
  registries: readonly PullRegistry[],
): readonly Condition[] {
  const failures = [...tokens.failures()]
  const missing = registries.filter((registry) => !tokens.token(registry)).map(({ name }) => name)
  return [
    {
      type: 'TokensFresh',
      status: failures.length === 0 ? 'True' : 'False',
      reason: failures[0]?.[1].code ?? 'Refreshed',
      message:
        failures.map(([registry, { message }]) => `${registry}: ${message}`).join('; ') ||
        `${registries.length} registries`,
    },
    {
      type: 'TokensUsable',
      status: missing.length === 0 ? 'True' : 'False',
      reason: missing.length === 0 ? 'Held' : 'NoToken',
      message: missing.length === 0 ? 'every registry has a password' : missing.join(', '),
    },
    {
      type: 'NamespacesServed',
      status: pending === 0 ? 'True' : 'False',
      reason: pending === 0 ? 'Written' : 'Writing',
      message:
        pending === 0
          ? `${targets()} namespaces have the pull secret`
          : 'some namespaces have something left to write',
    },
  ]
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(new RolesAnywhereError('ERR_RA_SESSION_TIMEOUT', 'ended before it was done'))
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
