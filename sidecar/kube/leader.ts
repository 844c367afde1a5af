import type { Clock } from '../../src/clock.js'
import type { Logger } from '../../src/log.js'
import type { KubeClient } from './client.js'
import { isRefusal } from './failure.js'
import { type KubeObject, type ObjectMeta, RESOURCES } from './objects.js'

/** A leader that has not renewed for this long may be replaced. */
const LEASE_MS = 15_000

/** A leader that could not renew for this long stops leading; less than {@link LEASE_MS}. */
const RENEW_DEADLINE_MS = 10_000

/** How often the holder renews, and the others look. */
const PERIOD_MS = 2_000

/** @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
interface Lease extends KubeObject {
  readonly metadata: ObjectMeta
  readonly spec?: LeaseSpec
}

interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  /** RFC 3339 with microseconds. */
  readonly acquireTime?: string
  readonly renewTime?: string
  readonly leaseTransitions?: number
}

/** Which lease, and as whom. */
export interface LeaderInit {
  readonly namespace: string
  readonly name: string
  /** Unique to this process: the pod's name, and something random. */
  readonly identity: string
}

/** Effects of {@link keepElecting}. */
export interface LeaderDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'replace' | 'until'>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** A running election. */
export interface Leadership {
  /** Whether this process may act as the leader now. */
  leading(): boolean
  /** Stops, and gives the lease up at once if this process holds it. */
  stop(): Promise<void>
}

/**
 * Takes part in the election of one leader among replicas. `lead` is called with a signal each time the
 * lease is won; the signal is aborted before another process can win it. Time is measured on the
 * monotonic clock of this process from when it saw a renewal, so that clocks may differ between nodes.
 */
export function keepElecting(
  { namespace, name, identity }: LeaderInit,
  lead: (signal: AbortSignal) => void,
  { client, clock, random, log }: LeaderDeps,
): Leadership {
  const ending = new AbortController()
  const electing = client.until(ending.signal)
  const key = { namespace, name }
  let term: AbortController | undefined
  let renewedAt = 0
  /** What was last seen of another holder, and when by our own clock. */
  let observed = { mark: '', at: 0 }

  const won = (): void => {
    if (term) return
    log.info('became the leader', { lease: name, identity })
    term = new AbortController()
    lead(term.signal)
  }
  const lost = (why: string): void => {
    if (!term) return
    log.warn('no longer the leader', { lease: name, identity, why })
    term.abort()
    term = undefined
  }

  const record = (held: LeaseSpec | undefined, holderIdentity: string): LeaseSpec => {
    const now = microTime(clock.now())
    const same = held?.holderIdentity === holderIdentity
    return {
      holderIdentity,
      leaseDurationSeconds: LEASE_MS / 1000,
      acquireTime: same ? (held.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (held?.leaseTransitions ?? 0) + (same ? 0 : 1),
    }
  }

  const attempt = async (): Promise<void> => {
    const asked = clock.monotonicMs()
    let lease: Lease
    try {
      lease = await electing.get<Lease>(RESOURCES.leases, key)
    } catch (error) {
      if (!isRefusal(error, 'ERR_RA_KUBE_NOT_FOUND')) throw error
      const fresh = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: key }
      await electing.create<Lease>(RESOURCES.leases, {
        ...fresh,
        spec: record(undefined, identity),
      })
      renewedAt = asked
      won()
      return
    }
    const { holderIdentity = '', renewTime = '', leaseDurationSeconds } = lease.spec ?? {}
    if (holderIdentity !== identity && holderIdentity !== '') {
      lost('another process holds the lease')
      const mark = `${holderIdentity} ${renewTime} ${lease.metadata.resourceVersion ?? ''}`
      if (mark !== observed.mark) observed = { mark, at: clock.monotonicMs() }
      const life = (leaseDurationSeconds ?? LEASE_MS / 1000) * 1000
      if (clock.monotonicMs() - observed.at < life) return
    }
    await electing.replace<Lease>(RESOURCES.leases, {
      ...lease,
      spec: record(lease.spec, identity),
    })
    renewedAt = asked
    won()
  }

  const run = async (): Promise<void> => {
    let lastReason = ''
    while (!ending.signal.aborted) {
      try {
        await attempt()
        lastReason = ''
      } catch (error) {
        // Somebody else was quicker: the next look tells who.
        if (!isRefusal(error, 'ERR_RA_KUBE_CONFLICT')) {
          const reason = error instanceof Error ? error.message : String(error)
          log[reason === lastReason ? 'debug' : 'warn']('cannot reach the lease', {
            lease: name,
            error,
          })
          lastReason = reason
        }
      }
      if (clock.monotonicMs() - renewedAt >= RENEW_DEADLINE_MS)
        lost('the lease could not be renewed')
      await clock.sleep(PERIOD_MS * (0.75 + random() / 2), { signal: ending.signal })
    }
  }

  /** A call to the API server may hang longer than the lease lives: this does not wait for it. */
  const watchdog = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await clock.sleep(PERIOD_MS / 2, { signal: ending.signal })
      if (clock.monotonicMs() - renewedAt >= RENEW_DEADLINE_MS)
        lost('the lease could not be renewed')
    }
  }
  const running = Promise.all([run(), watchdog()])

  const release = async (): Promise<void> => {
    const lease = await client.get<Lease>(RESOURCES.leases, key)
    if (lease.spec?.holderIdentity !== identity) return
    const spec = { ...record(lease.spec, identity), holderIdentity: '' }
    await client.replace<Lease>(RESOURCES.leases, { ...lease, spec })
  }

  return {
    leading: () => term !== undefined,
    async stop() {
      ending.abort()
      await running
      const wasLeading = term !== undefined
      lost('this process stops')
      if (wasLeading) {
        await release().catch((error: unknown) => {
          log.debug('could not give up the lease', { lease: name, error })
        })
      }
    },
  }
}

/** The API's `MicroTime`. */
const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z')
