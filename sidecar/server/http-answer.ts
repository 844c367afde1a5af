import type { ServerResponse } from 'node:http'

/** What a route answers, encoded once however often it is sent. */
export interface Answer {
  readonly status: number
  readonly body: string
  /** Length of the body as it is sent. */
  readonly bytes: number
  readonly headers: Readonly<Record<string, string | number>>
}

/**
 * An answer with a JSON document. The content type is exactly `application/json`: with a parameter,
 * the Go SDK does not parse errors.
 */
export function documentAnswer(
  status: number,
  document: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return answerOf(status, 'application/json', JSON.stringify(document), headers)
}

/** An answer with a plain text, to which no line feed is added. */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return answerOf(status, 'text/plain', text, headers)
}

/**
 * An error that every SDK can read: Go and Java look for `message`, JavaScript and Kotlin for
 * `Message`. The message is fixed and has no detail.
 */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Answer {
  return documentAnswer(status, { code, message, Code: code, Message: message }, headers)
}

/** Sends an answer. Node leaves the body out of one to HEAD. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers)
  // A text goes out together with the head in one piece; bytes would go out after it.
  response.end(body)
}

function answerOf(
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Answer {
  const bytes = Buffer.byteLength(body)
  const fixed = {
    'content-type': contentType,
    'content-length': bytes,
    'cache-control': 'no-store',
  }
  return { status, body, bytes, headers: { ...fixed, ...headers } }
}
