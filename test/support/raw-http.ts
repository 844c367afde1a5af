import { connect } from 'node:net'

/** A request as bytes will say it: nothing is added, nothing is normalised. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | Buffer
}

/** A response taken apart. Header names are lower-case. */
export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The bytes of a request. Header values hold one byte per character. */
export function requestBytes({ method, target, headers, body }: RawRequest): Buffer {
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields}\r\n`, 'latin1')
  return Buffer.concat([head, Buffer.from(body)])
}

/** Sends bytes over a fresh connection; resolves `'cut'` when it ends without a whole response. */
export async function sendBytes(port: number, bytes: Buffer): Promise<RawResponse | 'cut'> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    // An answer to HEAD states the length of a body that does not come.
    const isHead = bytes.toString('latin1', 0, 5) === 'HEAD '
    const parse = (): RawResponse | undefined => parseResponse(received, isHead)
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const finish = (): void => {
      socket.destroy()
      resolve(parse() ?? 'cut')
    }
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (parse()) finish()
    })
    socket.on('error', finish)
    socket.on('close', finish)
  })
}

/** Sends a request and expects a whole response. */
export async function sendRaw(port: number, request: RawRequest): Promise<RawResponse> {
  const response = await sendBytes(port, requestBytes(request))
  if (response === 'cut') throw new Error('the connection was cut')
  return response
}

/** `undefined` while the response is not complete. */
function parseResponse(bytes: Buffer, isHead: boolean): RawResponse | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = bytes.subarray(end + 4)
  const length = isHead ? 0 : Number(headers['content-length'] ?? 0)
  const complete = body.length >= length
  return complete
    ? { status: Number(statusLine.split(' ')[1]), headers, body: body.toString() }
    : undefined
}
