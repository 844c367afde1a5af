import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Authorization } from './authorization.js'
import { credentialsAnswer, sessionAt, type Sessions } from './container-route.js'
import { type Answer, errorAnswer, sendAnswer } from './http-answer.js'
import { guardRequest } from './request-guard.js'

/** Idle sockets live longer than the 90 s for which the Go SDK keeps them, or it may reuse a closed one. */
const KEEP_ALIVE_MS = 100_000

/** A client that takes longer to send its few headers is stuck. */
const REQUEST_TIMEOUT_MS = 10_000

/** SDKs send a few hundred bytes. */
const MAX_HEADER_BYTES = 16 * 1024

/** What the credential server is made of. */
export interface CredentialServerInit {
  readonly sessions: Sessions
  readonly authorization: Authorization
  /** Address it will listen on; accepted in `Host`. */
  readonly host: string
  /** Told each answer; route and status only. */
  readonly onAnswer?: (status: number) => void
}

/**
 * The server that SDKs ask for credentials. It does not listen yet.
 *
 * A plain `node:http` listener, since this one route is on the way of every AWS call in the pod.
 */
export function createCredentialServer(init: CredentialServerInit): Server {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_TIMEOUT_MS / 2,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
    },
    (request, response) => {
      const found = answer(request, init)
      init.onAnswer?.(found.status)
      discardBody(request, response)
      sendAnswer(response, found)
    },
  )
  return server
}

function answer(request: IncomingMessage, init: CredentialServerInit): Answer {
  const refused = guardRequest(request.headers, init.host)
  if (refused) return refused
  const holder = sessionAt(request.url ?? '', init.sessions)
  if (!holder) return errorAnswer(404, 'NotFound', 'no such path or role')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const allow = { allow: 'GET, HEAD' }
    return errorAnswer(405, 'MethodNotAllowed', 'only GET and HEAD are answered', allow)
  }
  return init.authorization.refusal(request.headers.authorization) ?? credentialsAnswer(holder)
}

/** No request has a body worth reading: the connection is closed instead of taking it in. */
function discardBody(request: IncomingMessage, response: ServerResponse): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers
  if (length === '0' && encoding === undefined) return
  response.setHeader('connection', 'close')
  response.once('finish', () => request.destroy())
}
