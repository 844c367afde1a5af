import express, { type Express } from 'express'
import type { Sessions } from './container-route.js'

/**
 * The health routes, on a listener of their own that the kubelet can reach: `/healthz` says that the
 * process answers, `/readyz` that every role has a usable session. Neither tells anything else.
 */
export function createHealthApp(sessions: Sessions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.get('/healthz', (_request, response) => {
    response.type('text/plain').send('ok\n')
  })
  app.get('/readyz', (_request, response) => {
    const missing = [...sessions].filter(([, holder]) => !holder.current()).map(([name]) => name)
    response.type('text/plain')
    if (missing.length === 0) response.send('ready\n')
    else
      response
        .status(503)
        .send(`no session: ${missing.map((name) => name || 'default').join(', ')}\n`)
  })
  app.use((_request, response) => {
    response.status(404).type('text/plain').send('not found\n')
  })
  return app
}
