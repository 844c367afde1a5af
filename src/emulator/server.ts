import { randomUUID } from 'node:crypto'
import { type RequestListener, type Server, createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { RolesAnywhereError } from '../errors.js'

/** Where the emulator listens. Port 0 takes any free port. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Certificate chain and private key in PEM. */
export interface TlsFiles {
  readonly certificate: string | Buffer
  readonly privateKey: string | Buffer
}

/** ML-DSA certificates and their chain need far more than Node's 16 KiB. */
const MAX_HEADER_BYTES = 128 * 1024

const OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  // Without a Host header the signature fails; that answer says more than Node's own.
  requireHostHeader: false,
  keepAliveTimeout: 65_000,
  requestTimeout: 30_000,
} as const

/**
 * Opens the listener.
 *
 * @throws RolesAnywhereError `ERR_RA_LISTEN_FAILED`, or `ERR_RA_CERTIFICATE_INVALID` when the TLS
 *   files cannot be used.
 */
export async function listen(
  listener: RequestListener,
  address: ListenAddress,
  tls: TlsFiles | undefined,
  now: () => Date,
): Promise<Server> {
  const server = tls ? createTlsServer(listener, tls) : createHttpServer(OPTIONS, listener)
  server.on('checkExpectation', listener)
  server.on('clientError', (error, socket) => answerClientError(error, socket, now()))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `cannot listen on ${address.host} port ${address.port}`
      reject(
        new RolesAnywhereError('ERR_RA_LISTEN_FAILED', message, {
          cause,
          hint: 'choose another port, or port 0 for any free one',
        }),
      )
    })
    server.listen(address.port, address.host, resolve)
  })
  return server
}

/** The port that a listening server got. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port

function createTlsServer(listener: RequestListener, tls: TlsFiles): Server {
  const { certificate: cert, privateKey: key } = tls
  try {
    return createHttpsServer({ ...OPTIONS, cert, key, minVersion: 'TLSv1.2' }, listener)
  } catch (error) {
    throw new RolesAnywhereError(
      'ERR_RA_CERTIFICATE_INVALID',
      'certificate and private key for TLS cannot be used together',
      { cause: error, hint: 'both are PEM, and the key is that of the first certificate' },
    )
  }
}

const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** What Node's parser refuses never becomes a request; it still gets an answer in the service's form. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex, at: Date): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const statusLine = STATUS_LINES[error.code ?? ''] ?? '400 Bad Request'
  const body = JSON.stringify({ message: statusLine.slice(4) })
  socket.end(
    `HTTP/1.1 ${statusLine}\r\nContent-Type: application/json\r\n` +
      `x-amzn-ErrorType: BadRequestException\r\nx-amzn-RequestId: ${randomUUID()}\r\n` +
      `Date: ${at.toUTCString()}\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  )
}
