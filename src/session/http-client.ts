import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import * as http from 'node:http'
import * as https from 'node:https'
import type { SecureContext } from 'node:tls'
import { RolesAnywhereError } from '../errors.js'
import { requestTarget } from '../protocol/create-session.js'
import type { HttpRequest, HttpResponse } from '../protocol/http-message.js'
import { networkFailure } from './network-failure.js'
import { proxyAuthorization, proxyFor } from './proxy.js'
import { type CaBundle, trusting } from './tls-trust.js'

/** An answer larger than this is not CreateSession's. */
const DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024

/** How requests reach the service. */
export interface HttpClientInit {
  /** Roots to trust besides Node's own. */
  readonly caBundle?: CaBundle
  /** `false` accepts any certificate from the endpoint. */
  readonly verifyTls?: boolean
  /** Read for `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case, and `NODE_EXTRA_CA_CERTS`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Default 65536. */
  readonly maxResponseBytes?: number
}

/** Sends one request and resolves with the whole answer, whatever its status. Rejects when aborted. */
export type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>

/**
 * A sender over HTTPS (TLS 1.2 or later), or over plain HTTP for loopback endpoints. One connection
 * for each request: CreateSession is called far too seldom for a kept one to be of use.
 *
 * @returns a function that rejects with `ERR_RA_ENDPOINT_UNREACHABLE`, `ERR_RA_TLS_FAILED`,
 *   `ERR_RA_PROXY_FAILED`, `ERR_RA_PROXY_INVALID` or `ERR_RA_RESPONSE_INVALID`.
 * @throws RolesAnywhereError `ERR_RA_CA_BUNDLE_INVALID` when the bundle holds no certificate.
 */
export function createHttpClient(init: HttpClientInit): Send {
  const secureContext = init.caBundle && trusting(init.caBundle, init.env)
  const tls: TlsOptions = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: init.verifyTls ?? true,
    ...(secureContext && { secureContext }),
  }
  const { maxResponseBytes = DEFAULT_MAX_RESPONSE_BYTES } = init
  return async (request, signal) => {
    if (request.protocol === 'http:') {
      const plain: Open = (options) => http.request({ ...options, agent: false })
      return exchange(plain, request, signal, maxResponseBytes)
    }
    const { port = 443 } = request
    const proxy = proxyFor({ hostname: unbracketed(request), port }, init.env)
    const agent = proxy ? await tunnelThrough(proxy, tls, signal) : false
    const open: Open = (options) => https.request({ ...options, ...tls, agent })
    return exchange(open, request, signal, maxResponseBytes, proxy)
  }
}

/** Starts a request; the connection is told to it. */
type Open = (options: https.RequestOptions) => ClientRequest

/** `node:https` hands a ready-made context through to `node:tls`. */
interface TlsOptions extends https.RequestOptions {
  readonly secureContext?: SecureContext
}

/** Loaded only when there is a proxy. Its debug output prints the URL, so the password stays out of it. */
async function tunnelThrough(proxy: URL, tls: TlsOptions, signal: AbortSignal): Promise<Agent> {
  const { HttpsProxyAgent } = await import('https-proxy-agent')
  const authorization = proxyAuthorization(proxy)
  const bare = new URL(proxy)
  bare.username = ''
  bare.password = ''
  const { secureContext, rejectUnauthorized = true } = tls
  return new HttpsProxyAgent(bare, {
    // Aborting the request reaches no socket before the proxy has answered CONNECT, and many never do.
    signal,
    headers: authorization === undefined ? {} : { 'Proxy-Authorization': authorization },
    rejectUnauthorized,
    ...(secureContext && { secureContext }),
  })
}

async function exchange(
  open: Open,
  request: HttpRequest,
  signal: AbortSignal,
  maxResponseBytes: number,
  proxy?: URL,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let waitingForProxy = proxy
    const fail = (error: unknown): void => reject(networkFailure(error, request, waitingForProxy))
    const outgoing = open({
      method: request.method,
      hostname: unbracketed(request),
      ...(request.port !== undefined && { port: request.port }),
      path: requestTarget(request),
      headers: { ...request.headers, 'content-length': Buffer.byteLength(request.body) },
      signal,
    })
    outgoing.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) waitingForProxy = undefined
      else outgoing.destroy(proxyRefusal(statusCode, proxy))
    })
    outgoing.on('response', (incoming) => {
      const { statusCode: status = 0 } = incoming
      const answer = readBody(incoming, maxResponseBytes)
      answer.then((body) => resolve({ status, headers: flatten(incoming), body }), fail)
    })
    outgoing.on('error', fail)
    outgoing.end(request.body)
  })
}

function proxyRefusal(status: number, proxy: URL | undefined): RolesAnywhereError {
  const hint =
    status === 407
      ? 'put the user and password into the proxy URL, percent-encoded'
      : 'allow the endpoint on the proxy, or name it in NO_PROXY'
  return new RolesAnywhereError(
    'ERR_RA_PROXY_FAILED',
    `proxy ${proxy?.host ?? ''} answered CONNECT with HTTP ${status}`,
    { hint },
  )
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      incoming.destroy()
      throw new RolesAnywhereError(
        'ERR_RA_RESPONSE_INVALID',
        `the endpoint answered with more than ${maxBytes} bytes`,
        { hint: 'check that the endpoint is the AWS service and not a proxy page' },
      )
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function flatten(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headers)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
}

const unbracketed = (request: HttpRequest): string => request.hostname.replace(/^\[|\]$/g, '')
