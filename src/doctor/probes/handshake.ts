import * as http from 'node:http'
import * as https from 'node:https'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import { RolesAnywhereError } from '../../errors.js'
import { proxyAuthorization } from '../../session/proxy.js'

/** A host and port that something listens on; no brackets around an address. */
export interface HostPort {
  readonly hostname: string
  readonly port: number
}

/** Where a TLS handshake goes, and through what. */
export interface TlsTarget extends HostPort {
  readonly proxy: URL | null
  /** Roots to trust instead of Node's own. */
  readonly secureContext?: SecureContext
}

/** What a handshake showed. Nothing was sent over the connection. */
export interface Handshake {
  /** For example `TLSv1.3`. */
  readonly protocol: string
  /** `undefined` when the certificate is trusted, else why not, in Node's word for it. */
  readonly problem: string | undefined
  readonly subject: string
  readonly issuer: string
  /** Organizations in the issuer's name and in that of the root: who vouches for the endpoint. */
  readonly organizations: readonly string[]
  readonly validTo: string
}

/**
 * Makes a TLS handshake and looks at the certificate, whoever it belongs to.
 *
 * @throws RolesAnywhereError `ERR_RA_PROXY_FAILED` when the proxy refuses the tunnel.
 */
export async function handshake(target: TlsTarget, signal: AbortSignal): Promise<Handshake> {
  const { hostname, port, proxy, secureContext } = target
  const tunnel = proxy ? await openTunnel(proxy, target, signal) : connectTcp(port, hostname)
  const socket = connectTls({
    socket: tunnel,
    ...(isIP(hostname) === 0 ? { servername: hostname } : { host: hostname }),
    minVersion: 'TLSv1.2',
    // Looked at, and never used: an untrusted certificate is what this is there to show.
    rejectUnauthorized: false,
    ...(secureContext && { secureContext }),
  })
  try {
    await settled(socket, 'secureConnect', signal, tunnel)
    return told(socket)
  } finally {
    socket.destroy()
    tunnel.destroy()
  }
}

/** Opens a connection and closes it. */
export async function connectTo({ hostname, port }: HostPort, signal: AbortSignal): Promise<void> {
  const socket = connectTcp(port, hostname)
  try {
    await settled(socket, 'connect', signal)
  } finally {
    socket.destroy()
  }
}

async function settled(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
  below?: Socket,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    const closed = (): void => {
      reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    }
    socket.once(event, () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    for (const each of below ? [socket, below] : [socket]) {
      each.once('error', reject)
      each.once('close', closed)
    }
  })
}

function told(socket: TLSSocket): Handshake {
  const certificate = socket.getPeerX509Certificate()
  const organizations = new Set<string>()
  const seen = new Set<unknown>()
  for (let at = certificate; at && !seen.has(at.fingerprint256); at = at.issuerCertificate) {
    seen.add(at.fingerprint256)
    const organization = /^O=(.*)$/m.exec(at.issuer)?.[1]
    if (organization !== undefined) organizations.add(organization)
  }
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    problem: problemOf(socket),
    subject: oneLine(certificate?.subject),
    issuer: oneLine(certificate?.issuer),
    organizations: [...organizations],
    validTo: certificate ? new Date(certificate.validTo).toISOString() : '',
  }
}

/** Node has an error there, although its types promise a string. */
function problemOf(socket: TLSSocket): string | undefined {
  if (socket.authorized) return undefined
  const error: unknown = socket.authorizationError
  if (typeof error === 'string') return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return code ?? 'unknown error'
}

const oneLine = (name: string | undefined): string => (name ?? '').replaceAll('\n', ', ')

/** `CONNECT` to the endpoint; what comes back is a raw connection. */
async function openTunnel(
  proxy: URL,
  { hostname, port }: HostPort,
  signal: AbortSignal,
): Promise<Socket> {
  const authorization = proxyAuthorization(proxy)
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  const { request } = proxy.protocol === 'https:' ? https : http
  const outgoing = request({
    method: 'CONNECT',
    hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
    ...(proxy.port && { port: Number(proxy.port) }),
    path: `${host}:${port}`,
    headers: {
      host: `${host}:${port}`,
      ...(authorization !== undefined && { 'proxy-authorization': authorization }),
    },
    agent: false,
    signal,
  })
  return new Promise<Socket>((resolve, reject) => {
    outgoing.once('connect', (answer, socket) => {
      if (answer.statusCode === 200) return resolve(socket)
      socket.destroy()
      return reject(refused(proxy, answer.statusCode))
    })
    // Some proxies answer a refused CONNECT like any other request.
    outgoing.once('response', (answer) => {
      answer.destroy()
      reject(refused(proxy, answer.statusCode))
    })
    outgoing.once('error', reject)
    outgoing.end()
  })
}

function refused(proxy: URL, status = 0): RolesAnywhereError {
  const hint =
    status === 407
      ? 'put the user and password into the proxy URL, percent-encoded'
      : 'allow the endpoint on the proxy, or name it in NO_PROXY'
  return new RolesAnywhereError(
    'ERR_RA_PROXY_FAILED',
    `proxy ${proxy.host} answered CONNECT with HTTP ${status}`,
    { hint },
  )
}
