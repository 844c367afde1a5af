import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { RolesAnywhereError } from '../../../../src/errors.js'

/** What the webhook proves itself with, as PEM. */
export interface WebhookCertificate {
  /** The server's certificate, then the ones between it and the authority. */
  readonly certificate: string
  readonly privateKey: string
  readonly notAfter: Date
}

/** A source of {@link WebhookCertificate}, which changes over time. */
export interface CertificateSource {
  /** Absent until there is one. */
  current(): WebhookCertificate | undefined
  stop(): Promise<void>
}

/**
 * Proves that certificate and key fit together and are usable by TLS.
 *
 * @throws RolesAnywhereError `ERR_RA_WEBHOOK_CERTIFICATE_INVALID`.
 */
export function checkPair(certificate: string, privateKey: string): WebhookCertificate {
  try {
    createSecureContext({ cert: certificate, key: privateKey })
    return { certificate, privateKey, notAfter: new Date(new X509Certificate(certificate).validTo) }
  } catch (cause) {
    throw new RolesAnywhereError(
      'ERR_RA_WEBHOOK_CERTIFICATE_INVALID',
      'certificate and private key of the webhook are not usable together',
      { cause, hint: 'both must be PEM, and the key must be that of the first certificate' },
    )
  }
}
