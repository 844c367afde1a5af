import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { RolesAnywhereError } from '../errors.js'
import { readBounded } from './read-bounded.js'

/** The roots of a whole operating system take a quarter of a megabyte. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024

type Env = Readonly<Record<string, string | undefined>>

/** PEM certificates, and what to call them in messages. */
export interface CaBundle {
  readonly name: string
  readonly pem: string
}

/** What Node keeps under a secure context; adding to it spares reading all of Node's roots anew. */
interface NativeContext {
  addCACert?: (pem: string) => void
}

/**
 * A TLS context that trusts Node's own roots, `NODE_EXTRA_CA_CERTS`, and those of a bundle.
 *
 * @throws RolesAnywhereError `ERR_RA_CA_BUNDLE_INVALID` when the bundle holds no certificate, or one
 *   that cannot be read.
 */
export function trusting(bundle: CaBundle, env: Env): SecureContext {
  const blocks = certificatesIn(bundle.pem)
  if (blocks.length === 0) throw invalid(bundle, 'holds no PEM certificate')
  try {
    // Adding passes over what it cannot read.
    for (const block of blocks) new X509Certificate(block)
  } catch (cause) {
    throw invalid(bundle, 'holds a certificate that cannot be read', cause)
  }
  const added = [...blocks, ...extraRoots(env)]
  const context = createSecureContext({ minVersion: 'TLSv1.2' })
  const native = context.context as NativeContext
  if (!native.addCACert) {
    return createSecureContext({ minVersion: 'TLSv1.2', ca: [...rootCertificates, ...added] })
  }
  for (const block of added) native.addCACert(block)
  return context
}

/** Node 20 leaves them out of a context as soon as another root is added to it. */
function extraRoots(env: Env): readonly string[] {
  const path = env['NODE_EXTRA_CA_CERTS']
  if (!path) return []
  try {
    const file = readBounded(path, MAX_BUNDLE_BYTES)
    return 'bytes' in file ? certificatesIn(file.bytes.toString('utf8')) : []
  } catch {
    // Node has warned of it when it started.
    return []
  }
}

const certificatesIn = (pem: string): readonly string[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

function invalid(bundle: CaBundle, what: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_CA_BUNDLE_INVALID', `${bundle.name} ${what}`, {
    cause,
    hint: 'give a PEM file with the root certificates of the endpoint or of the TLS proxy',
  })
}
