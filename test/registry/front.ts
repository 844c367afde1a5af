import { type IncomingMessage, request, type RequestListener, type ServerResponse } from 'node:http'

/** The registry that has the images, and the emulator that knows who may have them. */
export interface Behind {
  readonly registryPort: number
  readonly emulatorPort: number
}

/**
 * Stands for Amazon ECR: the emulator checks password and permission of each request, and Debian's
 * registry answers what it lets pass.
 */
export function registryFront({ registryPort, emulatorPort }: Behind): RequestListener {
  return (incoming, outgoing) => {
    void verdict(incoming, emulatorPort).then((refusal) => {
      if (refusal) pipe(refusal, outgoing)
      else forward(incoming, registryPort, (answer) => pipe(answer, outgoing))
    })
  }
}

/** What the emulator refuses. Its own image is another one than the registry's. */
async function verdict(
  incoming: IncomingMessage,
  port: number,
): Promise<IncomingMessage | undefined> {
  const answer = await new Promise<IncomingMessage>((resolve) => forward(incoming, port, resolve))
  const { statusCode = 0 } = answer
  // 404 is what the emulator says of content that it does not have.
  if (statusCode !== 200 && statusCode !== 404) return answer
  answer.resume()
  return undefined
}

function forward(
  { method, url, headers }: IncomingMessage,
  port: number,
  then: (answer: IncomingMessage) => void,
): void {
  request({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, then)
    .on('error', () => {})
    .end()
}

function pipe(answer: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
  answer.pipe(outgoing)
}
