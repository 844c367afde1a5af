import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler } from 'express'
import type { Answer, Arrived } from './http/exchange.js'

/** Answers a request that is read completely. `'cut'` ends the connection without an answer. */
export type Handle = (
  arrived: Arrived,
  about: { readonly remoteAddress: string | undefined; readonly tooLarge: boolean },
  signal: AbortSignal,
) => Promise<Answer | 'cut'>

/** What the adapter needs besides the handler. */
export interface AppInit {
  readonly handle: Handle
  readonly now: () => Date
  /** Largest body that a method may have. */
  readonly maxBodyBytes: (method: string) => number
}

/** The HTTP side: turns what Express receives into values, and answers into what it sends. */
export function createApp(init: AppInit): RequestListener {
  const app = express()
  app.disable('x-powered-by')
  app.use(async (request, response) => {
    await serve(request, response, init)
  })
  app.use(((_error, _request, response, _next) => {
    // Express would answer with a page that shows the stack.
    if (response.headersSent) response.destroy()
    else {
      response.setHeader('x-amzn-RequestId', randomUUID())
      response.status(500).json({ message: 'internal failure' })
    }
  }) satisfies ErrorRequestHandler)
  return (request, response) => {
    // Express parses the URL and has answers of its own for those it cannot parse.
    const target = request.url ?? '/'
    TARGETS.set(request, target)
    request.url = '/'
    app(request, response)
  }
}

const TARGETS = new WeakMap<IncomingMessage, string>()

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { handle, now, maxBodyBytes }: AppInit,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const body = await readBody(request, maxBodyBytes(request.method ?? ''))
  if (body === 'aborted') return
  const arrived = toArrived(request, body ?? Buffer.alloc(0))
  const { remoteAddress } = request.socket
  const tooLarge = body === undefined
  const answer = await handle(arrived, { remoteAddress, tooLarge }, gone.signal)
  if (answer === 'cut') {
    cut(request)
    return
  }
  response.sendDate = false
  response.writeHead(answer.status, {
    ...answer.headers,
    Date: now().toUTCString(),
    'Content-Length': Buffer.byteLength(answer.body),
    // What was not read of the body would be taken for the next request.
    ...(tooLarge ? { Connection: 'close' } : {}),
  })
  response.end(answer.body)
}

/** The body; `undefined` when it is larger than allowed. */
async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | undefined | 'aborted'> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // Ending the loop early must leave the socket open for the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = Buffer.from(chunk as Uint8Array)
      size += bytes.length
      if (size > maxBytes) return undefined
      chunks.push(bytes)
    }
    return Buffer.concat(chunks)
  } catch {
    // The client went away in the middle; there is nobody to answer.
    return 'aborted'
  }
}

function toArrived(request: IncomingMessage, body: Buffer): Arrived {
  // A proxy's request line names the whole URL; only its path and query matter here.
  const target = (TARGETS.get(request) ?? '/').replace(/^https?:\/\/[^/?]*/i, '')
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const raw = request.rawHeaders
  return {
    method: request.method ?? '',
    path: path.startsWith('/') ? path : `/${path}`,
    rawQuery: at < 0 ? '' : target.slice(at + 1),
    headers: raw.flatMap((name, index) =>
      index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : [],
    ),
    body,
  }
}

/** A reset where the transport can, so that clients see what a crashed peer looks like. */
function cut({ socket }: IncomingMessage): void {
  try {
    socket.resetAndDestroy()
  } catch {
    // TLS sockets cannot send a reset themselves.
    socket.destroy()
  }
}
