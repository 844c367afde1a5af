import express, { type Express, type Request, type Response } from 'express'
import { PROMETHEUS_TYPE } from './prometheus-text.js'

/** What the health routes of a long-running process answer. */
export interface ProbeAppInit {
  /** For `/readyz`; the text goes to people. */
  readonly readiness: () => { readonly ready: boolean; readonly text: string }
  /** For `/metrics`, in the Prometheus text format. */
  readonly metrics: () => string | Promise<string>
  /** Further routes by path, for `GET` and `HEAD`. */
  readonly pages?: Readonly<Record<string, (response: Response) => void>>
  /** Sources that the pages need beyond nothing at all, as directives of a content security policy. */
  readonly contentSources?: readonly string[]
}

/**
 * The routes of a health listener, for the kubelet, Prometheus and people: `/healthz` says that the
 * process answers. Nothing here is secret, so anybody who reaches it may ask.
 */
export function createProbeApp(init: ProbeAppInit): Express {
  const headers: Readonly<Record<string, string>> = {
    'cache-control': 'no-store',
    'content-security-policy': [
      "default-src 'none'",
      ...(init.contentSources ?? []),
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use((_request, response, next) => {
    response.set(headers)
    next()
  })
  const routes: Readonly<Record<string, (response: Response) => void | Promise<void>>> = {
    '/healthz': (response) => send(response, 200, 'ok'),
    '/readyz': (response) => {
      const { ready, text } = init.readiness()
      send(response, ready ? 200 : 503, text)
    },
    '/metrics': async (response) => {
      const text = await init.metrics()
      response.type(PROMETHEUS_TYPE).send(text)
    },
    ...init.pages,
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
