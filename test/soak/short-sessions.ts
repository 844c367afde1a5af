import { createServer, request, type Server } from 'node:http'
import { listenOnLoopback } from '../support/tls-server.js'

/** What stands between the program under test and AWS. */
export interface ShortSessions {
  readonly url: string
  /** When the last session was handed out, and when it ends. */
  last(): { readonly at: Date; readonly expiration: Date } | undefined
  close(): void
}

/**
 * Passes requests on to an emulator, and answers on as they are, but for the end of sessions: they
 * live as briefly as AWS never makes them, so that a run sees hundreds of renewals. Connections that
 * the emulator breaks are broken here, too.
 */
export async function shortenSessions(emulator: string, lifeMs: number): Promise<ShortSessions> {
  const { hostname, port } = new URL(emulator)
  let last: ReturnType<ShortSessions['last']>
  const server: Server = createServer((incoming, response) => {
    const { method, url: path, rawHeaders: headers } = incoming
    const onward = request({ hostname, port, method, path, headers, agent: false })
    incoming.pipe(onward)
    response.on('close', () => onward.destroy())
    onward.on('error', () => response.destroy())
    onward.on('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', () => response.destroy())
      answer.on('end', () => {
        const { statusCode = 500, headers: answered } = answer
        let body = Buffer.concat(chunks).toString()
        if (statusCode === 201 && /"expiration":"[^"]+"/.test(body)) {
          last = { at: new Date(), expiration: new Date(Date.now() + lifeMs) }
          const end = last.expiration.toISOString().replace(/\.\d+/, '')
          body = body.replace(/"expiration":"[^"]+"/, `"expiration":"${end}"`)
        }
        response.writeHead(statusCode, { ...answered, 'content-length': Buffer.byteLength(body) })
        response.end(body)
      })
    })
  })
  const port0 = await listenOnLoopback(server)
  return {
    url: `http://127.0.0.1:${port0}`,
    last: () => last,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
