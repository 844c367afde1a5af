import { createCounter, familyText, type Metric, type Sample } from '../prometheus-text.js'
import type { WriteResult } from './reconcile.js'

/** Every metric of the pull-secret controller. The names are a contract with dashboards and alerts. */
export const PULL_SECRET_METRICS = {
  expiration: {
    name: 'rolesanywhere_pull_secret_expiration_timestamp_seconds',
    type: 'gauge',
    labels: ['registry'],
    help: 'When the registry password held expires, Unix time; 0 while there is none',
  },
  writes: {
    name: 'rolesanywhere_pull_secret_writes_total',
    type: 'counter',
    labels: ['result'],
    help: 'Writes of Secrets and service accounts, by result',
  },
  refreshes: {
    name: 'rolesanywhere_pull_secret_token_refresh_total',
    type: 'counter',
    labels: ['registry', 'result'],
    help: 'Attempts to obtain a registry password, by result: success or the error code',
  },
  lastSuccess: {
    name: 'rolesanywhere_pull_secret_last_refresh_success_timestamp_seconds',
    type: 'gauge',
    labels: ['registry'],
    help: 'When the registry password held was obtained, Unix time; 0 while there is none',
  },
  namespaces: {
    name: 'rolesanywhere_pull_secret_namespaces',
    type: 'gauge',
    labels: [],
    help: 'Namespaces that are to have the Secret',
  },
  pending: {
    name: 'rolesanywhere_pull_secret_pending_namespaces',
    type: 'gauge',
    labels: [],
    help: 'Namespaces with something left to write',
  },
  leader: {
    name: 'rolesanywhere_pull_secret_leader',
    type: 'gauge',
    labels: [],
    help: '1 in the replica that writes',
  },
  buildInfo: {
    name: 'rolesanywhere_build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the version is the label',
  },
} as const satisfies Record<string, Metric>

/** What is asked when the metrics are. */
export interface PullSecretGauges {
  readonly tokens: readonly {
    readonly registry: string
    readonly expiresAt?: Date
    readonly obtainedAt?: Date
  }[]
  readonly namespaces: number
  readonly pending: number
  readonly leading: boolean
}

/** Counts what it is told, and writes it down for Prometheus. */
export interface PullSecretMetrics {
  onWrite(result: WriteResult): void
  onRefresh(registry: string, result: string): void
  text(gauges: PullSecretGauges): string
}

const WRITE_RESULTS: readonly WriteResult[] = [
  'secret_created',
  'secret_updated',
  'secret_deleted',
  'service_account_updated',
  'foreign_secret',
  'failed',
]

/** The metrics of one process. */
export function createPullSecretMetrics(
  version: string,
  registries: readonly string[],
): PullSecretMetrics {
  const writes = createCounter(WRITE_RESULTS.map((result) => [result]))
  const refreshes = createCounter(registries.map((registry) => [registry, 'success']))
  const seconds = (at: Date | undefined): number => (at?.getTime() ?? 0) / 1000
  return {
    onWrite: (result) => {
      writes.add(result)
    },
    onRefresh: (registry, result) => {
      refreshes.add(registry, result)
    },
    text({ tokens, namespaces, pending, leading }) {
      const each = (value: (token: (typeof tokens)[number]) => number): readonly Sample[] =>
        tokens.map((token) => ({ values: [token.registry], value: value(token) }))
      const one = (value: number): readonly Sample[] => [{ values: [], value }]
      const { expiration, lastSuccess } = PULL_SECRET_METRICS
      return [
        familyText(
          expiration,
          each(({ expiresAt }) => seconds(expiresAt)),
        ),
        familyText(
          lastSuccess,
          each(({ obtainedAt }) => seconds(obtainedAt)),
        ),
        familyText(PULL_SECRET_METRICS.writes, writes.samples()),
        familyText(PULL_SECRET_METRICS.refreshes, refreshes.samples()),
        familyText(PULL_SECRET_METRICS.namespaces, one(namespaces)),
        familyText(PULL_SECRET_METRICS.pending, one(pending)),
        familyText(PULL_SECRET_METRICS.leader, one(leading ? 1 : 0)),
        familyText(PULL_SECRET_METRICS.buildInfo, [{ values: [version], value: 1 }]),
      ].join('')
    },
  }
}
