import type { Failure } from '../http/failure.js'
import type { AuthProblem, AuthRefusal } from './sigv4.js'

type Words = Record<AuthProblem, Failure>

const failure = (status: number, code: string, message: string): Failure => ({
  status,
  code,
  message,
})

const STS: Words = {
  missing: failure(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'),
  incomplete: failure(400, 'IncompleteSignature', 'The request signature is incomplete'),
  unknownKey: failure(
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ),
  invalidToken: failure(
    403,
    'InvalidClientTokenId',
    'The security token included in the request is invalid.',
  ),
  wrongScope: failure(
    403,
    'SignatureDoesNotMatch',
    'Credential should be scoped to a valid region and to the service.',
  ),
  skewed: failure(403, 'SignatureDoesNotMatch', 'Signature expired or not yet current'),
  requestExpired: failure(403, 'SignatureDoesNotMatch', 'Signature expired'),
  unsignedHeaders: failure(403, 'SignatureDoesNotMatch', 'A required header is not signed.'),
  badSignature: failure(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  ),
  expiredToken: failure(
    403,
    'ExpiredToken',
    'The security token included in the request is expired',
  ),
  bodyMismatch: failure(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
  ),
}

const S3: Words = {
  missing: failure(403, 'AccessDenied', 'Access Denied'),
  incomplete: failure(
    400,
    'AuthorizationHeaderMalformed',
    'The authorization header that you provided is not valid.',
  ),
  unknownKey: failure(
    403,
    'InvalidAccessKeyId',
    'The AWS Access Key Id you provided does not exist in our records.',
  ),
  invalidToken: failure(
    400,
    'InvalidToken',
    'The provided token is malformed or otherwise invalid.',
  ),
  wrongScope: failure(
    400,
    'AuthorizationHeaderMalformed',
    'The authorization header is malformed; the region or service is wrong.',
  ),
  skewed: failure(
    403,
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
  ),
  requestExpired: failure(403, 'AccessDenied', 'Request has expired'),
  unsignedHeaders: failure(
    403,
    'AccessDenied',
    'There were headers present in the request which were not signed',
  ),
  badSignature: failure(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. ' +
      'Check your key and signing method.',
  ),
  expiredToken: failure(400, 'ExpiredToken', 'The provided token has expired.'),
  bodyMismatch: failure(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ),
}

const ECR: Words = {
  missing: failure(400, 'MissingAuthenticationTokenException', 'Missing Authentication Token'),
  incomplete: failure(400, 'IncompleteSignatureException', 'The request signature is incomplete'),
  unknownKey: failure(
    400,
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ),
  invalidToken: failure(
    400,
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ),
  wrongScope: failure(
    400,
    'InvalidSignatureException',
    'Credential should be scoped to a valid region and to the service.',
  ),
  skewed: failure(400, 'InvalidSignatureException', 'Signature expired or not yet current'),
  requestExpired: failure(400, 'InvalidSignatureException', 'Signature expired'),
  unsignedHeaders: failure(400, 'InvalidSignatureException', 'A required header is not signed.'),
  badSignature: failure(
    400,
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  ),
  expiredToken: failure(
    400,
    'ExpiredTokenException',
    'The security token included in the request is expired',
  ),
  bodyMismatch: failure(
    400,
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided.',
  ),
}

const WORDS = { sts: STS, s3: S3, ecr: ECR } as const

/** What a service answers to a request whose signature it does not accept. */
export function authFailure(
  service: keyof typeof WORDS,
  { problem, reason }: AuthRefusal,
): Failure {
  return { ...WORDS[service][problem], reason }
}
