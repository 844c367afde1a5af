import type { SidecarCounters, SidecarSnapshot } from './observer.js'
import {
  createCounter,
  createHistogram,
  familyText,
  type Metric,
  type Sample,
} from '../prometheus-text.js'

/** Every metric of the credential server. The names are a contract with dashboards and alerts. */
export const METRICS = {
  sessionExpiration: {
    name: 'rolesanywhere_session_expiration_timestamp_seconds',
    type: 'gauge',
    labels: ['role'],
    help: 'When the session held expires, Unix time; 0 while there is none',
  },
  lastRefreshSuccess: {
    name: 'rolesanywhere_last_refresh_success_timestamp_seconds',
    type: 'gauge',
    labels: ['role'],
    help: 'When the session held was obtained, Unix time; 0 while there is none',
  },
  refreshes: {
    name: 'rolesanywhere_refresh_total',
    type: 'counter',
    labels: ['role', 'result'],
    help: 'Attempts to obtain a session, by result: success or the error code',
  },
  refreshDuration: {
    name: 'rolesanywhere_refresh_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'How long an attempt to obtain a session took, its retries included',
  },
  staleServed: {
    name: 'rolesanywhere_stale_served_total',
    type: 'counter',
    labels: ['role'],
    help: 'Requests answered with a session past the time when it should have been renewed',
  },
  certificateExpiration: {
    name: 'rolesanywhere_certificate_expiration_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the certificate in use expires, Unix time; 0 until one could be read',
  },
  certificateReloads: {
    name: 'rolesanywhere_certificate_reload_total',
    type: 'counter',
    labels: ['result'],
    help: 'Changed certificate files that were read, by result: success or the error code',
  },
  certificateReloadFailing: {
    name: 'rolesanywhere_certificate_reload_failing',
    type: 'gauge',
    labels: [],
    help: '1 while the certificate files on disk cannot be used and those loaded before are kept, else 0',
  },
  credentialRequests: {
    name: 'rolesanywhere_credential_requests_total',
    type: 'counter',
    labels: ['route', 'code'],
    help: 'Requests for credentials, by route and HTTP status code',
  },
  credentialRequestDuration: {
    name: 'rolesanywhere_credential_request_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'How long a request for credentials took to answer',
  },
  buildInfo: {
    name: 'rolesanywhere_build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the version is the label',
  },
} as const satisfies Record<string, Metric>

/** CreateSession takes a tenth of a second when all is well, and the deadline of a call is 10 s. */
const REFRESH_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Requests are answered from memory. */
const REQUEST_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5]

/** Stands for every value that is not on a list, so that no client can make the metrics grow. */
const OTHER = 'other'

/** What is known before the first event. */
export interface SidecarMetricsInit {
  readonly version: string
  /** Names of the roles, as in the snapshots. */
  readonly roles: readonly string[]
  /** Names of the routes that are counted apart. */
  readonly routes: readonly string[]
}

/** Counts what it is told, and writes it down for Prometheus. */
export interface SidecarMetrics extends SidecarCounters {
  /** All metrics in the text format 0.0.4; instants come from the snapshot. */
  text(snapshot: SidecarSnapshot): string
}

/**
 * The metrics of one process.
 *
 * The number of time series has a bound: roles and routes that were not announced count as `other`.
 */
export function createSidecarMetrics(init: SidecarMetricsInit): SidecarMetrics {
  const roles = new Set(init.roles)
  const routes = new Set(init.routes)
  const refreshes = createCounter(init.roles.map((role) => [role, 'success']))
  const staleServed = createCounter(init.roles.map((role) => [role]))
  const reloads = createCounter([['success']])
  const requests = createCounter()
  const refreshDuration = createHistogram(REFRESH_BOUNDS)
  const requestDuration = createHistogram(REQUEST_BOUNDS)
  return {
    onRefresh(role, outcome, durationMs) {
      refreshes.add(listed(roles, role), outcome)
      refreshDuration.observe(durationMs / 1000)
    },
    onReload: (outcome) => reloads.add(outcome),
    onStaleServed: (role) => staleServed.add(listed(roles, role)),
    onCredentialRequest(route, status, durationMs) {
      requests.add(listed(routes, route), String(status))
      requestDuration.observe(durationMs / 1000)
    },
    text: ({ roles, certificate }) =>
      [
        familyText(
          METRICS.sessionExpiration,
          roles.map(({ name, expiration }) => instant(expiration, name)),
        ),
        familyText(
          METRICS.lastRefreshSuccess,
          roles.map(({ name, refreshedAt }) => instant(refreshedAt, name)),
        ),
        familyText(METRICS.refreshes, refreshes.samples()),
        familyText(METRICS.refreshDuration, refreshDuration),
        familyText(METRICS.staleServed, staleServed.samples()),
        familyText(METRICS.certificateExpiration, [instant(certificate?.notAfter)]),
        familyText(METRICS.certificateReloads, reloads.samples()),
        familyText(METRICS.certificateReloadFailing, [
          { values: [], value: certificate?.reloadFailure ? 1 : 0 },
        ]),
        familyText(METRICS.credentialRequests, requests.samples()),
        familyText(METRICS.credentialRequestDuration, requestDuration),
        familyText(METRICS.buildInfo, [{ values: [init.version], value: 1 }]),
      ].join(''),
  }
}

const listed = (list: ReadonlySet<string>, value: string): string =>
  list.has(value) ? value : OTHER

const instant = (at: Date | undefined, ...values: readonly string[]): Sample => ({
  values,
  value: (at?.getTime() ?? 0) / 1000,
})
