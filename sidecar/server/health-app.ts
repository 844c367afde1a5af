import { createHash } from 'node:crypto'
import express, { type Express, type Request, type Response } from 'express'
import type { SidecarSnapshot } from './observer.js'
import { PROMETHEUS_TYPE } from './prometheus-text.js'
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
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STATUS_STYLE).digest('base64')}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/**
 * The routes of the health listener, for the kubelet, Prometheus and people: `/healthz` says that
 * the process answers, `/readyz` that every role has a session that may be served, `/metrics` is for
 * Prometheus, `/` is the status page. Nothing here is secret, so anybody who reaches it may ask.
 *
 * Readiness follows the sessions held, not AWS: while a renewal fails and the session held is good,
 * the pod stays ready.
 */
export function createHealthApp({ snapshot, metrics, now, version }: HealthAppInit): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use((_request, response, next) => {
    response.set(HEADERS)
    next()
  })
  const routes: Readonly<Record<string, (response: Response) => void | Promise<void>>> = {
    '/healthz': (response) => send(response, 200, 'ok'),
    '/readyz': (response) => {
      const { ready, text } = readiness(snapshot(), now())
      send(response, ready ? 200 : 503, text)
    },
    '/metrics': async (response) => {
      const text = await metrics()
      response.type(PROMETHEUS_TYPE).send(text)
    },
    '/': (response) => {
      response.type('html').send(statusPage(snapshot(), now(), version))
    },
  }
  for (const [path, answer] of Object.entries(routes)) {
    app.get(path, (_request, response) => answer(response))
    app.all(path, (_request, response) => {
      response.set('allow', 'GET, HEAD')
      send(response, 405, 'only GET and HEAD are answered')
    })
  }
  app.use((_request, response) => send(response, 404, 'not found'))
  // Four parameters tell Express that it is for errors; its own would show the stack.
  app.use((_error: unknown, _request: Request, response: Response, _next: () => void) =>
    send(response, 500, 'internal error'),
  )
  return app
}

function send(response: Response, status: number, text: string): void {
  response.status(status).type('text/plain').send(`${text}\n`)
}
