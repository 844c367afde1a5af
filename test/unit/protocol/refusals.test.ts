import { expect } from 'chai'
import { explainRefusal } from '../../../src/protocol/refusals.js'

const ROLE = 'arn:aws:iam::123456789012:role/r'

describe('explainRefusal', () => {
  for (const [status, type, message, reason] of [
    [
      403,
      'AccessDeniedException',
      "Specified Trust Anchor wasn't found.",
      'trust-anchor-not-found',
    ],
    [403, 'AccessDeniedException', 'Untrusted signing certificate', 'certificate-untrusted'],
    [403, 'AccessDeniedException', 'Untrusted Signing Certificate', 'certificate-untrusted'],
    [
      403,
      'AccessDeniedException',
      'Untrusted certificate. Insufficient certificate',
      'certificate-unfit',
    ],
    [403, 'AccessDeniedException', 'Invalid signature', 'signature-invalid'],
    [403, 'AccessDeniedException', 'Certificate revoked', 'certificate-revoked'],
    [403, 'AccessDeniedException', 'Invalid or empty profile provided.', 'profile-not-found'],
    [
      403,
      'AccessDeniedException',
      "Requested Role isn't one of those listed in the Profile.",
      'role-not-in-profile',
    ],
    [
      403,
      'AccessDeniedException',
      'Not authorized to set roleSessionName.',
      'session-name-not-accepted',
    ],
    [403, 'AccessDeniedException', `Unable to assume role for ${ROLE}.`, 'assume-role-refused'],
    [
      403,
      'AccessDeniedException',
      `Unable to assume role for ${ROLE}: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
      'duration-above-role-maximum',
    ],
    [
      403,
      'AccessDeniedException',
      `Unable to assume role for ${ROLE}. Some attributes failed to be mapped into session tags`,
      'session-tags-unmappable',
    ],
    [403, undefined, 'Invalid signature', 'signature-invalid'],
    [400, 'TooManyTagsException', undefined, 'too-many-tags'],
    [400, 'ValidationException', '1 validation error detected', 'request-invalid'],
    [404, 'ResourceNotFoundException', undefined, 'resource-not-found'],
    [429, 'ThrottlingException', 'Rate exceeded', 'throttled'],
    [400, 'Throttling', undefined, 'throttled'],
    [500, undefined, 'Invalid signature', 'service-failed'],
    [503, undefined, undefined, 'service-failed'],
    [403, undefined, undefined, 'not-from-service'],
    [302, undefined, undefined, 'not-from-service'],
    [403, 'AccessDeniedException', 'something new', 'unknown'],
  ] as const) {
    it(`explains ${status} ${type ?? ''} ${message ?? '(no text)'} as ${reason}`, () => {
      const explanation = explainRefusal(status, type, message)
      expect(explanation.reason).to.equal(reason)
      expect(explanation.hint).to.match(/^\S.*[^.\s]$/)
      if (reason !== 'unknown') expect(explanation.causes).to.not.be.empty
    })
  }
})
