import { type Certificate, isValidAt } from './certificate.js'

/** One demand on a signing certificate. */
interface Rule {
  readonly reason: string
  readonly holds: (certificate: Certificate, at: Date) => boolean
}

/**
 * What the service asks of the certificate that signs. Extended key usage is not among it.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
const RULES: readonly Rule[] = [
  { reason: 'not X.509 version 3', holds: ({ version }) => version === 3 },
  { reason: 'it is a CA', holds: ({ basicConstraints }) => !basicConstraints?.ca },
  {
    reason: 'its key usage lacks digitalSignature',
    holds: ({ keyUsage }) => keyUsage?.has('digitalSignature') ?? false,
  },
  { reason: 'signed with a weak hash', holds: ({ strongSignature }) => strongSignature },
  { reason: 'its subject is empty', holds: ({ subject }) => subject.length > 0 },
  { reason: 'expired or not yet valid', holds: isValidAt },
]

/** Why a certificate may not sign requests, or `undefined` when it may. */
export function whyUnfitEndEntity(certificate: Certificate, at: Date): string | undefined {
  return RULES.find(({ holds }) => !holds(certificate, at))?.reason
}
