import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { RolesAnywhereError } from '../errors.js'

/** PEM certificates, and what to call them in messages. */
export interface CaBundle {
  readonly name: string
  readonly pem: string
}

/** What Node keeps under a secure context; adding to it keeps `NODE_EXTRA_CA_CERTS`, a list would not. */
interface NativeContext {
  addCACert?: (pem: string) => void
}

/**
 * A TLS context that trusts Node's own roots and those of a bundle.
 *
 * @throws RolesAnywhereError `ERR_RA_CA_BUNDLE_INVALID` when the bundle holds no certificate, or one
 *   that cannot be read.
 */
export function trusting(bundle: CaBundle): SecureContext {
  const blocks = bundle.pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!blocks) throw invalid(bundle, 'holds no PEM certificate')
  try {
    // Adding passes over what it cannot read.
    for (const block of blocks) new X509Certificate(block)
  } catch (cause) {
    throw invalid(bundle, 'holds a certificate that cannot be read', cause)
  }
  const context = createSecureContext({ minVersion: 'TLSv1.2' })
  const native = context.context as NativeContext
  if (!native.addCACert) {
    return createSecureContext({ minVersion: 'TLSv1.2', ca: [...rootCertificates, ...blocks] })
  }
  for (const block of blocks) native.addCACert(block)
  return context
}

function invalid(bundle: CaBundle, what: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_CA_BUNDLE_INVALID', `${bundle.name} ${what}`, {
    cause,
    hint: 'give a PEM file with the root certificates of the endpoint or of the TLS proxy',
  })
}
