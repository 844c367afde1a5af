import { createServer, type Server } from 'node:http'
import { isRefusal } from '../kube/failure.js'
import { keepElecting } from '../kube/leader.js'
import { drain, listen } from '../listen.js'
import type { ListenAddress } from '../listen-address.js'
import { untilAborted } from '../until-aborted.js'
import type { ClusterCopy } from './cluster-copy.js'
import { conditionsOf, readiness } from './conditions.js'
import {
  type Engine,
  MAX_TRIES,
  PARALLEL,
  type PullSecretDeps,
  type PullSecretOptions,
  startEngine,
} from './engine.js'
import { reconcileNamespace } from './reconcile.js'
import { reportStatus } from './status-report.js'
import { createWorkQueue, type WorkQueue } from './work-queue.js'

/** Everything is looked at again after this time, whatever the watches have told. */
const RESYNC_MS = 10 * 60_000

/** A running controller. */
export interface PullSecrets {
  readonly healthUrl?: string
  readonly leading: () => boolean
  /** Namespaces with something left to write. */
  readonly pending: () => number
  readonly metrics: () => string
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
