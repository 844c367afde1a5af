import {
  createCounter,
  createHistogram,
  familyText,
  type Metric,
  type Sample,
} from '../../prometheus-text.js'
import type { AdmissionResult } from './review-pod.js'

/** Every metric of the injector. The names are a contract with dashboards and alerts. */
export const INJECTOR_METRICS = {
  admissions: {
    name: 'rolesanywhere_injector_admissions_total',
    type: 'counter',
    labels: ['result', 'namespace'],
    help: 'Pods that the API server asked about, by result: injected, unchanged, refused or error',
  },
  duration: {
    name: 'rolesanywhere_injector_admission_duration_seconds',
    type: 'histogram',
    labels: [],
    help: 'How long an admission took to answer',
  },
  objects: {
    name: 'rolesanywhere_injector_cache_objects',
    type: 'gauge',
    labels: ['resource'],
    help: 'Objects of the cluster that are held in memory',
  },
  certificateExpiration: {
    name: 'rolesanywhere_injector_certificate_expiration_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the certificate of the webhook expires, Unix time; 0 while there is none',
  },
  configurationLoaded: {
    name: 'rolesanywhere_injector_configuration_current',
    type: 'gauge',
    labels: [],
    help: '1 while the configuration file is the one in use; 0 when a newer one is not usable',
  },
  buildInfo: {
    name: 'rolesanywhere_build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'Always 1; the version is the label',
  },
} as const satisfies Record<string, Metric>

/** Decisions are made from memory; a live look-up takes longer. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** More namespaces than this count as one, so that the series have a bound. */
const MAX_NAMESPACES = 500

/** What is asked when the metrics are. */
export interface InjectorGauges {
  readonly namespaces: number
  readonly serviceAccounts: number
  readonly certificateNotAfter?: Date
  readonly configurationIsCurrent: boolean
}

/** Counts what it is told, and writes it down for Prometheus. */
export interface InjectorMetrics {
  onAnswer(result: AdmissionResult, namespace: string, durationMs: number): void
  text(gauges: InjectorGauges): string
}

/** The metrics of one process. */
export function createInjectorMetrics(version: string): InjectorMetrics {
  const namespaces = new Set<string>()
  const admissions = createCounter()
  const duration = createHistogram(BOUNDS)
  const listed = (namespace: string): string => {
    if (namespaces.size < MAX_NAMESPACES) namespaces.add(namespace)
    return namespaces.has(namespace) ? namespace : 'other'
  }
  const one = (value: number): readonly Sample[] => [{ values: [], value }]
  return {
    onAnswer(result, namespace, durationMs) {
      admissions.add(result, listed(namespace))
      duration.observe(durationMs / 1000)
    },
    text(gauges) {
      const notAfter = (gauges.certificateNotAfter?.getTime() ?? 0) / 1000
      return [
        familyText(INJECTOR_METRICS.admissions, admissions.samples()),
        familyText(INJECTOR_METRICS.duration, duration),
        familyText(INJECTOR_METRICS.objects, [
          { values: ['namespaces'], value: gauges.namespaces },
          { values: ['serviceaccounts'], value: gauges.serviceAccounts },
        ]),
        familyText(INJECTOR_METRICS.certificateExpiration, one(notAfter)),
        familyText(
          INJECTOR_METRICS.configurationLoaded,
          one(gauges.configurationIsCurrent ? 1 : 0),
        ),
        familyText(INJECTOR_METRICS.buildInfo, [{ values: [version], value: 1 }]),
      ].join('')
    },
  }
}
