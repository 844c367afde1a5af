import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, type Logger, systemClock } from '../../src/index.js'
import { silentLogger } from '../../src/log.js'
import { type Authorization, UNKNOWN_TOKEN } from './authorization.js'
import { connectionLimit } from './connection-limit.js'
import { credentialsAnswer, roleAt, type Sessions } from './container-route.js'
import { type Answer, errorAnswer, sendAnswer } from './http-answer.js'
import type { Imds } from './imds-routes.js'
import { type QuitRoute, isQuitTarget, quitAnswer } from './quit-route.js'
import { createRequestGuard } from './request-guard.js'

/** Idle sockets live longer than the 90 s for which the Go SDK keeps them, or it may reuse a closed one. */
const KEEP_ALIVE_MS = 100_000

/** A client that takes longer to send its few headers is stuck. */
const REQUEST_TIMEOUT_MS = 10_000

/** SDKs send a few hundred bytes. */
const MAX_HEADER_BYTES = 16 * 1024

/** SDKs send one request after the other; more that wait on one connection are refused at once. */
const MAX_WAITING = 8

/** What a request was for. */
export type RouteName = 'container' | 'imds' | 'quit' | 'none'

/** What the credential server is made of. */
export interface CredentialServerInit {
  readonly sessions: Sessions
  readonly authorization: Authorization
  /** Addresses or names that it will listen on; accepted in `Host` besides those of loopback. */
  readonly host: string | readonly string[]
  /** Adds the routes of the instance metadata service. Several servers may share one. */
  readonly imds?: Imds
  /** Adds the route by which a client ends the server. */
  readonly quit?: QuitRoute
  /** Default: silent. */
  readonly log?: Logger
  /** Default: the system clock. */
  readonly clock?: Pick<Clock, 'monotonicMs'>
  /** Told each answer: what it was for, the status and how long it took. */
  readonly onAnswer?: (route: RouteName, status: number, durationMs: number) => void
  /** How long a request may take to arrive. Default 10 s. */
  readonly requestTimeoutMs?: number
  /** How long an idle connection is kept. Default 100 s. */
  readonly keepAliveMs?: number
  /** A client that leaks sockets is stopped here. Default 4096. */
  readonly maxConnections?: number
}

/**
 * The server that SDKs ask for credentials. It does not listen yet.
 *
 * A plain `node:http` listener, since this one route is on the way of every AWS call in the pod.
 */
export function createCredentialServer(init: CredentialServerInit): Server {
  const { clock = systemClock, log = silentLogger, onAnswer } = init
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS, keepAliveMs = KEEP_ALIVE_MS } = init
  const { maxConnections = connectionLimit(undefined) } = init
  const guard = createRequestGuard(typeof init.host === 'string' ? [init.host] : init.host)

  const waiting = new WeakMap<Socket, number>()

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const startedMs = onAnswer && clock.monotonicMs()
    const target = request.url ?? ''
    const role = roleAt(target)
    const answered = (found: Answer): void => {
      send(request, response, found)
      if (startedMs === undefined) return
      onAnswer?.(routeName(target, role, init), found.status, clock.monotonicMs() - startedMs)
    }
    const found = safeAnswer(request, target, role)
    discardBody(request, response)
    if (found !== UNKNOWN_TOKEN || !mayWait(request.socket)) return answered(found)
    void lookAgain(request, role).then(() => answered(safeAnswer(request, target, role)))
  }

  /** Nobody is refused because its token is newer than the last look at the file. */
  async function lookAgain({ socket }: IncomingMessage, role = ''): Promise<void> {
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1)
    await init.authorization.look(role)
    waiting.set(socket, (waiting.get(socket) ?? 0) - 1)
  }

  const mayWait = (socket: Socket): boolean => (waiting.get(socket) ?? 0) < MAX_WAITING

  function send(request: IncomingMessage, response: ServerResponse, found: Answer): void {
    if (init.quit && found === init.quit.accepted) {
      // Only once the answer is out, or nobody waits for it: the server closes its connections then.
      if (request.socket.destroyed) init.quit.quit()
      else response.once('close', init.quit.quit)
    }
    sendAnswer(response, found)
  }

  /** One request that goes wrong does not take the others with it. */
  function safeAnswer(request: IncomingMessage, target: string, role: string | undefined): Answer {
    try {
      const refused = guard(request.headers)
      if (refused) return refused
      // Only a client that takes this server for a proxy sends a whole URL.
      if (!target.startsWith('/')) return NOT_A_PATH
      if (role !== undefined) return containerAnswer(request, role)
      if (init.quit && isQuitTarget(target)) return quitAnswer(init.quit, request)
      return init.imds?.owns(target) ? init.imds.answer(request) : NOT_FOUND
    } catch (error) {
      log.error('a request could not be answered', { error })
      return FAILED
    }
  }

  function containerAnswer(request: IncomingMessage, role: string): Answer {
    const holder = init.sessions.get(role)
    if (!holder) return NOT_FOUND
    if (request.method !== 'GET' && request.method !== 'HEAD') return ONLY_READING
    const refused = init.authorization.refusal(request.headers.authorization, role)
    return refused ?? credentialsAnswer(holder, log)
  }

  const server = createServer(
    {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: requestTimeoutMs / 2,
      maxHeaderSize: MAX_HEADER_BYTES,
      // A repeated Host or Authorization must not be read as its first value alone.
      joinDuplicateHeaders: true,
      noDelay: true,
    },
    handle,
  )
  // Answered in full at once: `100 Continue` would invite a body that nobody reads.
  server.on('checkContinue', handle)
  // Who neither sends nor reads is not kept, either.
  server.timeout = keepAliveMs
  server.maxConnections = maxConnections
  server.once('drop', () => {
    log.warn('too many connections, refusing more', { limit: maxConnections })
  })
  return server
}

const FAILED = errorAnswer(500, 'InternalError', 'the request could not be answered')
const NOT_A_PATH = errorAnswer(400, 'TargetNotAPath', 'the request target is not a path')
const NOT_FOUND = errorAnswer(404, 'NotFound', 'no such path or role')
const ONLY_READING = errorAnswer(405, 'MethodNotAllowed', 'only GET and HEAD are answered', {
  allow: 'GET, HEAD',
})

function routeName(
  target: string,
  role: string | undefined,
  { imds, quit }: CredentialServerInit,
): RouteName {
  if (role !== undefined) return 'container'
  if (quit && isQuitTarget(target)) return 'quit'
  return imds?.owns(target) ? 'imds' : 'none'
}

/** No request has a body worth reading: the connection is closed instead of taking it in. */
function discardBody(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers
  if (length === '0' && encoding === undefined) return
  response.setHeader('connection', 'close')
  response.once('finish', () => request.destroy())
}
