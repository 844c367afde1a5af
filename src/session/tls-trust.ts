import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { RolesAnywhereError } from '../errors.js'

/** PEM certificates, and what to call them in messages. */
export interface CaBundle {
  readonly name: string
  readonly pem: string
}

/**
 * TLS contexts to try one after the other: first the bundle's roots alone, then with Node's own. The
 * second is as good as trusting both at once; the first spares its loading where it is not needed.
 *
 * @throws RolesAnywhereError `ERR_RA_CA_BUNDLE_INVALID` when the bundle holds no certificate, or one
 *   that cannot be read.
 */
export function trust(bundle: CaBundle): readonly [() => SecureContext, () => SecureContext] {
  const blocks = bundle.pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks) throw invalid(bundle, 'holds no PEM certificate')
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch (cause) {
    throw invalid(bundle, 'holds a certificate that cannot be read', cause)
  }
  return [
    () => createSecureContext({ minVersion: 'TLSv1.2', ca: blocks }),
    () => withDefaultRoots(blocks),
  ]
}

/** What Node keeps under a secure context; adding to it keeps `NODE_EXTRA_CA_CERTS`, a list would not. */
interface NativeContext {
  addCACert?: (pem: string) => void
}

function withDefaultRoots(blocks: readonly string[]): SecureContext {
  const context = createSecureContext({ minVersion: 'TLSv1.2' })
  const native = context.context as NativeContext
  if (!native.addCACert) {
    return createSecureContext({ minVersion: 'TLSv1.2', ca: [...rootCertificates, ...blocks] })
  }
  for (const block of blocks) native.addCACert(block)
  return context
}

/** What OpenSSL calls a chain that leads to no trusted root. */
const UNKNOWN_ISSUER: ReadonlySet<unknown> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Whether an exchange failed because the endpoint's certificate leads to no trusted root. */
export function isUnknownIssuer(error: unknown): boolean {
  return (
    error instanceof RolesAnywhereError &&
    error.cause instanceof Error &&
    'code' in error.cause &&
    UNKNOWN_ISSUER.has(error.cause.code)
  )
}

function invalid(bundle: CaBundle, what: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_CA_BUNDLE_INVALID', `${bundle.name} ${what}`, {
    cause,
    hint: 'give a PEM file with the root certificates of the endpoint or of the TLS proxy',
  })
}
