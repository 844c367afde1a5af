import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createProbeApp } from '../probe-app.js'
import type { SidecarSnapshot } from './observer.js'
import { readiness } from './status/sidecar-status.js'
import { statusPage } from './status/status-page.js'
import { STATUS_STYLE } from './status/status-style.js'

/** What the health routes show. */
export interface HealthAppInit {
  readonly snapshot: () => SidecarSnapshot
  /** All metrics in the Prometheus text format. */
  readonly metrics: () => string | Promise<string>
  readonly now: () => Date
  readonly version: string
}

/** The page has one style of its own and nothing else: no script, no form, no frame around it. */
const CONTENT_SOURCES = [
  `style-src 'sha256-${createHash('sha256').update(STATUS_STYLE).digest('base64')}'`,
  'img-src data:',
]

/**
 * The routes of the health listener, with the status page at `/`. `/readyz` says that every role has a
 * session that may be served.
 *
 * Readiness follows the sessions held, not AWS: while a renewal fails and the session held is good,
 * the pod stays ready.
 */
export function createHealthApp({
  snapshot,
  metrics,
  now,
  version,
}: HealthAppInit): RequestListener {
  return createProbeApp({
    readiness: () => readiness(snapshot(), now()),
    metrics,
    pages: {
      '/': (response) => {
        response.type('html').send(statusPage(snapshot(), now(), version))
      },
    },
    contentSources: CONTENT_SOURCES,
  })
}
