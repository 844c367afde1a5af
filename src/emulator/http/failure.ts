import { element, escapeXml } from './xml.js'
import type { Answer, Outcome } from './exchange.js'

/** The protocols that the emulator speaks; each has an error shape of its own. */
export type Protocol = 'rest-json' | 'query' | 'rest-xml' | 'json-1.1' | 'registry'

/** A request that is not granted. */
export interface Failure {
  readonly status: number
  readonly code: string
  /** What the client reads. */
  readonly message: string
  /** What the log and the list of requests say besides. */
  readonly reason?: string
  readonly headers?: Readonly<Record<string, string>>
  /** More elements of an error in XML. */
  readonly elements?: Readonly<Record<string, string>>
  /** Who asked, where that is known. */
  readonly principal?: string
}

/** How each protocol writes a failure. Every answer carries its request id as the protocol does. */
const SHAPES: Record<Protocol, (failure: Failure, requestId: string) => Answer> = {
  'rest-json': ({ status, code, message }, requestId) => ({
    status,
    headers: {
      'Content-Type': 'application/json',
      'x-amzn-RequestId': requestId,
      'x-amzn-ErrorType': code,
    },
    body: JSON.stringify({ message }),
  }),
  'json-1.1': ({ status, code, message }, requestId) => ({
    status,
    headers: { 'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': requestId },
    body: JSON.stringify({ __type: code, message }),
  }),
  query: ({ status, code, message }, requestId) => ({
    status,
    headers: { 'Content-Type': 'text/xml', 'x-amzn-RequestId': requestId },
    body:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>' +
      `<Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${escapeXml(code)}</Code>` +
      `<Message>${escapeXml(message)}</Message></Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
  }),
  'rest-xml': ({ status, code, message, elements = {} }, requestId) => ({
    status,
    headers: { 'Content-Type': 'application/xml', 'x-amz-request-id': requestId },
    body:
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escapeXml(code)}</Code>` +
      `<Message>${escapeXml(message)}</Message>` +
      Object.entries(elements)
        .map(([name, text]) => element(name, text))
        .join('') +
      `<RequestId>${requestId}</RequestId></Error>`,
  }),
  registry: ({ status, code, message }, requestId) => ({
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Docker-Distribution-Api-Version': 'registry/2.0',
      'x-amzn-RequestId': requestId,
    },
    body: JSON.stringify({ errors: [{ code, message }] }),
  }),
}

/** Puts a failure into the shape that clients of the protocol expect. */
export function refuse(protocol: Protocol, failure: Failure, requestId: string): Outcome {
  const answer = SHAPES[protocol](failure, requestId)
  return {
    answer: { ...answer, headers: { ...answer.headers, ...failure.headers } },
    errorCode: failure.code,
    reason: failure.reason ?? failure.message,
    ...(failure.principal === undefined ? {} : { principal: failure.principal }),
  }
}
