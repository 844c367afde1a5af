import type { Failure } from '../http/failure.js'

/**
 * The checks of CreateSession, in the order in which they are made. The service does not document
 * its order; this one follows from which message wins in reports. `createEmulator` takes another.
 */
export const CHECKS = [
  'parameters',
  'trustAnchor',
  'path',
  'certificate',
  'signature',
  'revocation',
  'profile',
  'role',
  'roleSessionName',
  'assumeRole',
  'duration',
  'tags',
] as const

/** Name of one check of CreateSession. */
export type CheckName = (typeof CHECKS)[number]

const denied = (message: string): Failure => ({
  status: 403,
  code: 'AccessDeniedException',
  message,
})

/**
 * Every refusal of CreateSession, in the service's words.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/troubleshooting.html
 */
export const REFUSALS = {
  notFound: { status: 404, code: 'UnknownOperationException', message: 'Not Found' },
  invalidParameter: (constraint: string): Failure => ({
    status: 400,
    code: 'ValidationException',
    message: constraint,
  }),
  unknownAnchor: denied("Specified Trust Anchor wasn't found."),
  noPath: denied('Untrusted signing certificate'),
  unfitCertificate: denied('Untrusted certificate. Insufficient certificate'),
  invalidSignature: denied('Invalid signature'),
  revoked: denied('Certificate revoked'),
  unknownProfile: denied('Invalid or empty profile provided.'),
  roleNotInProfile: denied("Requested Role isn't one of those listed in the Profile."),
  sessionNameNotAccepted: denied('Not authorized to set roleSessionName.'),
  cannotAssume: (roleArn: string): Failure => denied(`Unable to assume role for ${roleArn}`),
  durationTooLong: (roleArn: string): Failure =>
    denied(
      `Unable to assume role for ${roleArn}: The requested DurationSeconds exceeds the ` +
        'MaxSessionDuration set for this role.',
    ),
  tooManyTags: { status: 400, code: 'TooManyTagsException', message: 'Too many session tags.' },
} as const satisfies Record<string, Failure | ((detail: string) => Failure)>

/** A refusal with the reason that the log gives. */
export const because = (failure: Failure, reason: string): Failure => ({ ...failure, reason })
