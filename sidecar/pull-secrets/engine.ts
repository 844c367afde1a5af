import { randomUUID } from 'node:crypto'
import type { Clock } from '../../src/clock.js'
import type { TokenSource } from '../../src/index.js'
import type { Logger } from '../../src/log.js'
import { VERSION } from '../../src/version.js'
import type { KubeClient } from '../kube/client.js'
import { createEventRecorder } from '../kube/event-recorder.js'
import { createRateLimit } from '../kube/rate-limit.js'
import { type ClusterCopy, copyCluster } from './cluster-copy.js'
import { type FreshTokens, keepTokensFresh, type PullRegistry } from './keep-tokens-fresh.js'
import { createPullSecretMetrics, type PullSecretMetrics } from './pull-secret-metrics.js'
import type { ReconcileContext } from './reconcile.js'
import { isTarget, type TargetRules } from './targets.js'

/** How many namespaces are worked on at the same time. */
export const PARALLEL = 8

/** A namespace that failed so often is in trouble, and not just behind. */
export const MAX_TRIES = 5

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

/** The copy of the cluster, the passwords and what writes them: what both ways of running share. */
export interface Engine {
  readonly cluster: ClusterCopy
  readonly tokens: FreshTokens
  readonly metrics: PullSecretMetrics
  readonly context: ReconcileContext
  readonly text: (pending: number, leading: boolean) => string
  readonly targets: () => number
  stop(): Promise<void>
}

/** Whom the engine tells. */
interface EngineEvents {
  /** A namespace may have to be written. */
  readonly onChange: (namespace: string) => void
  /** All of them may have to be. */
  readonly onTokens: () => void
}

/** Follows the cluster and keeps passwords fresh, until it is stopped; writes nothing by itself. */
export function startEngine(
  options: PullSecretOptions,
  deps: PullSecretDeps,
  { onChange, onTokens }: EngineEvents,
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
