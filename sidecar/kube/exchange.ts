import * as http from 'node:http'
import * as https from 'node:https'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Connection } from './connection.js'
import { unreachable } from './failure.js'

/** One request to the API server. */
export interface Exchange {
  readonly connection: Connection
  readonly method: string
  /** From the root, with its parameters. */
  readonly path: string
  /** Sent as JSON when present. */
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
  readonly userAgent: string
  readonly signal: AbortSignal
}

/** The head of an answer; its body is read once, in one of two ways. */
export interface Answer {
  readonly status: number
  /** Rejects with `ERR_RA_KUBE_UNAVAILABLE` when it is longer than `maxBytes`. */
  text(maxBytes: number): Promise<string>
  stream(): AsyncIterable<Buffer>
}

/**
 * Sends one request and resolves with the head of the answer.
 *
 * @throws RolesAnywhereError `ERR_RA_KUBE_UNREACHABLE`, also while the body is read, or the reason that
 *   `signal` was aborted with.
 */
export async function exchange(init: Exchange): Promise<Answer> {
  const { connection, method, path, signal } = init
  const what = `${method} ${path.split('?', 1)[0] ?? ''}`
  const fail = (error: unknown): RolesAnywhereError =>
    unreachable(signal.aborted ? signal.reason : error, what)
  let authorized: https.RequestOptions
  try {
    authorized = await connection.authorize()
  } catch (cause) {
    throw new RolesAnywhereError('ERR_RA_KUBE_UNAUTHORIZED', 'no credentials for the API server', {
      cause,
      hint: 'check the kubeconfig, its exec plugin, or the token of the service account',
    })
  }
  const { server } = connection
  const body = init.body === undefined ? undefined : JSON.stringify(init.body)
  const options: https.RequestOptions = {
    ...authorized,
    method,
    protocol: server.protocol,
    hostname: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port,
    path: `${server.pathname.replace(/\/$/, '')}${path}`,
    signal,
    headers: {
      ...(authorized.headers as http.OutgoingHttpHeaders | undefined),
      accept: init.accept ?? 'application/json',
      'user-agent': init.userAgent,
      ...(body !== undefined && {
        'content-type': init.contentType ?? 'application/json',
        'content-length': Buffer.byteLength(body),
      }),
    },
  }
  const open = server.protocol === 'http:' ? http.request : https.request
  const incoming = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const outgoing = open(options)
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => {
      reject(fail(error))
    })
    outgoing.end(body)
  })
  const chunks = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) yield chunk
    } catch (error) {
      throw fail(error)
    }
  }
  return {
    status: incoming.statusCode ?? 0,
    stream: chunks,
    async text(maxBytes) {
      const parts: Buffer[] = []
      let size = 0
      for await (const chunk of chunks()) {
        size += chunk.length
        if (size > maxBytes) {
          incoming.destroy()
          throw new RolesAnywhereError(
            'ERR_RA_KUBE_UNAVAILABLE',
            `the answer to ${what} is longer than ${maxBytes} bytes`,
          )
        }
        parts.push(chunk)
      }
      return Buffer.concat(parts).toString('utf8')
    },
  }
}
