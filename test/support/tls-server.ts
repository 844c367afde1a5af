import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { altName } from '../../src/pki/alt-names.js'
import { type CertifiedKey, createRoot, issueCertificate } from '../../src/pki/certificate.js'
import { commonNameSubject } from '../../src/pki/subject.js'

const FOREVER = {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2120-01-01T00:00:00Z'),
}

/** A root whose certificate clients can be told to trust. */
export async function testRoot(): Promise<CertifiedKey> {
  return createRoot({ commonName: 'Test Root', ...FOREVER })
}

/** A server certificate in PEM for an address or name of this machine. */
export async function serverIdentity(
  issuer: CertifiedKey,
  validity = FOREVER,
  name = altName('ip', '127.0.0.1'),
): Promise<{ readonly cert: string; readonly key: string }> {
  const { certificate, privateKey } = await issueCertificate({
    issuer,
    subject: commonNameSubject('server'),
    altNames: [name],
    serverAuth: true,
    ...validity,
  })
  return {
    cert: certificate.toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** Listens on loopback and resolves with the port. */
export async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An HTTPS server, or an HTTP server without an identity. */
export function webServer(
  listener: RequestListener,
  identity?: { readonly cert: string; readonly key: string },
) {
  return identity ? createTlsServer(identity, listener) : createServer(listener)
}
