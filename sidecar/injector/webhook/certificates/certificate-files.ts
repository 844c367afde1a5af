import { readFileSync } from 'node:fs'
import type { Clock } from '../../../../src/clock.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import type { Logger } from '../../../../src/log.js'
import { followFiles } from '../follow-files.js'
import {
  type CertificateSource,
  checkPair,
  type WebhookCertificate,
} from './webhook-certificate.js'

/** Where the files are; whatever renews them writes there. */
export interface CertificateFiles {
  readonly certificate: string
  readonly privateKey: string
}

/** Effects of {@link keepCertificateFiles}. */
export interface CertificateFilesDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Told of every pair that is taken into use. */
  readonly onChange: (pair: WebhookCertificate) => void
}

/**
 * Follows a pair of files, as cert-manager renews them. A pair that does not fit together, half-written
 * for example, leaves the one before in use and is logged once.
 */
export function keepCertificateFiles(
  files: CertificateFiles,
  { clock, log, onChange }: CertificateFilesDeps,
): CertificateSource {
  let held: WebhookCertificate | undefined
  let lastReason = ''

  const look = (): void => {
    try {
      const certificate = read(files.certificate)
      const privateKey = read(files.privateKey)
      if (held?.certificate === certificate && held.privateKey === privateKey) return
      held = checkPair(certificate, privateKey)
      lastReason = ''
      log.info('webhook certificate taken into use', { notAfter: held.notAfter })
      onChange(held)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== lastReason) log.warn('webhook certificate is not usable', { error })
      lastReason = reason
    }
  }
  look()
  const stop = followFiles([files.certificate, files.privateKey], look, clock)
  return {
    current: () => held,
    stop,
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cannot read ${path} (${code ?? ''})`, {
      cause,
    })
  }
}
