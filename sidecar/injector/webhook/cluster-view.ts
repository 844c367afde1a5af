import type { Clock } from '../../../src/clock.js'
import type { Logger } from '../../../src/log.js'
import type { KubeClient } from '../../kube/client.js'
import { isRefusal } from '../../kube/failure.js'
import { type Informer, keepInformed } from '../../kube/informer.js'
import { type KubeObject, type Resource, RESOURCES } from '../../kube/objects.js'
import { createRateLimit } from '../../kube/rate-limit.js'
import { type Remembered, remember } from './annotations-in-use.js'

/** Live look-ups for each second, and how many may come at once. */
const LOOKUPS_PER_SECOND = 20
const LOOKUP_BURST = 50

/** What the cluster says about where a pod is going to run. */
export interface ClusterView {
  namespace(name: string): Promise<Remembered>
  serviceAccount(namespace: string, name: string): Promise<Remembered>
  /** Whether both collections were read once. */
  synced(): boolean
  readonly ready: Promise<unknown>
  /** Objects held, for the metrics. */
  sizes(): { readonly namespaces: number; readonly serviceAccounts: number }
  stop(): Promise<void>
}

/** Effects of {@link watchCluster}. */
export interface ClusterViewDeps {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Of the annotations. */
  readonly prefix: string
}

const NOTHING: Remembered = Object.freeze({ annotations: {}, labels: {} })

/**
 * Follows namespaces and service accounts. A pod may be asked about before the watch has told of the
 * service account that was applied with it: what is not in the copy is asked for once, live, within a
 * limit; what does not exist then has no annotations.
 *
 * Its look-ups reject with `ERR_RA_KUBE_UNAVAILABLE` and its like when nothing is known and nothing can
 * be found out.
 */
export function watchCluster(deps: ClusterViewDeps): ClusterView {
  const keep = remember(deps.prefix)
  const follow = (resource: Resource): Informer<Remembered> =>
    keepInformed({ resource, metadataOnly: true, keep }, deps)
  const namespaces = follow(RESOURCES.namespaces)
  const accounts = follow(RESOURCES.serviceAccounts)
  const lookups = liveLookups(deps)

  const find = async (
    informer: Informer<Remembered>,
    resource: Resource,
    namespace: string,
    name: string,
  ): Promise<Remembered> => {
    const known = informer.get(namespace, name)
    if (known) return known
    const key = { ...(namespace !== '' && { namespace }), name }
    const found = await lookups(resource, key)
    return found ? keep(found) : NOTHING
  }
  return {
    namespace: async (name) => find(namespaces, RESOURCES.namespaces, '', name),
    serviceAccount: async (namespace, name) =>
      find(accounts, RESOURCES.serviceAccounts, namespace, name),
    synced: () => namespaces.synced() && accounts.synced(),
    ready: Promise.all([namespaces.ready, accounts.ready]),
    sizes: () => ({ namespaces: namespaces.size(), serviceAccounts: accounts.size() }),
    async stop() {
      await Promise.all([namespaces.stop(), accounts.stop()])
    },
  }
}

type Lookup = (
  resource: Resource,
  key: { readonly namespace?: string; readonly name: string },
) => Promise<KubeObject | undefined>

/** Asks the API server, together for those who want the same, and not faster than the limit. */
function liveLookups({ client, clock, log }: ClusterViewDeps): Lookup {
  const underWay = new Map<string, Promise<KubeObject | undefined>>()
  const gate = createRateLimit({ perSecond: LOOKUPS_PER_SECOND, burst: LOOKUP_BURST }, clock)
  return async (resource, key) => {
    const id = `${resource.plural}/${key.namespace ?? ''}/${key.name}`
    const already = underWay.get(id)
    if (already) return already
    const asking = (async () => {
      await gate()
      log.debug('asking for what the watch has not told yet', { ...key, resource: resource.plural })
      try {
        return await client.get<KubeObject>(resource, key)
      } catch (error) {
        if (isRefusal(error, 'ERR_RA_KUBE_NOT_FOUND')) return undefined
        throw error
      } finally {
        underWay.delete(id)
      }
    })()
    underWay.set(id, asking)
    return asking
  }
}
