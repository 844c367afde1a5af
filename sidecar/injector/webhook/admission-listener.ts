import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Clock } from '../../../src/clock.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import type { Logger } from '../../../src/log.js'
import {
  type AdmissionRequest,
  admissionResponse,
  parseAdmissionReview,
} from './admission-review.js'
import type { AdmissionResult, Review } from './review-pod.js'

/** The route of the webhook configuration. */
export const MUTATE_PATH = '/mutate'

/** The API server takes objects of 3 MiB at most; a review may hold two of them. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

/** All bodies that are being read: more are turned away, so that memory has a bound. */
const MAX_READING_BYTES = 64 * 1024 * 1024

/** What the listener needs. */
export interface AdmissionListenerInit {
  readonly review: (request: AdmissionRequest) => Promise<Review>
  readonly clock: Clock
  readonly log: Logger
  readonly onAnswer: (result: AdmissionResult, namespace: string, durationMs: number) => void
}

/**
 * Answers `POST /mutate`, and nothing else. A body that is no review gets 400, and neither the log nor
 * the answer repeats any of it.
 */
export function admissionListener(init: AdmissionListenerInit): RequestListener {
  const { clock, log, onAnswer } = init
  const memory = { left: MAX_READING_BYTES }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startMs = clock.monotonicMs()
    const [path] = (request.url ?? '').split('?', 1)
    if (path !== MUTATE_PATH) {
      refuse(response, 404, 'not found')
      return
    }
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST')
      refuse(response, 405, 'only POST is answered')
      return
    }
    const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1)
    if (type.trim().toLowerCase() !== 'application/json') {
      refuse(response, 415, 'the content type must be application/json')
      return
    }
    const body = await readBody(request, memory)
    if (typeof body === 'number') {
      response.setHeader('connection', 'close')
      refuse(response, body, body === 413 ? 'the body is too large' : 'too many requests at once')
      return
    }
    let asked: AdmissionRequest
    try {
      asked = parseAdmissionReview(body)
    } catch (error) {
      if (!(error instanceof RolesAnywhereError)) throw error
      log.warn('a request that is no admission review', { error })
      onAnswer('error', '', clock.monotonicMs() - startMs)
      refuse(response, 400, error.message)
      return
    }
    const { answer: decided, result } = await init.review(asked)
    const text = admissionResponse(asked, decided)
    onAnswer(result, asked.namespace, clock.monotonicMs() - startMs)
    send(response, 200, text)
  }
  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      // A client that went away while it sent is no event for anybody.
      if (request.destroyed && !request.complete) return
      log.error('could not answer a request', { error })
      if (response.headersSent) response.destroy()
      else refuse(response, 500, 'internal error')
    })
  }
}

/** @returns the body as text, or the HTTP status of its refusal. */
async function readBody(
  request: IncomingMessage,
  memory: { left: number },
): Promise<string | 413 | 503> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return 413
  const chunks: Buffer[] = []
  let size = 0
  try {
    // The request must outlive a refusal, or there would be no connection left to answer on.
    const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    for await (const chunk of body) {
      if (size + chunk.length > MAX_BODY_BYTES) return 413
      if (chunk.length > memory.left) return 503
      memory.left -= chunk.length
      size += chunk.length
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    memory.left += size
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  send(
    response,
    status,
    JSON.stringify({ kind: 'Status', status: 'Failure', code: status, message }),
  )
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(text)
}
