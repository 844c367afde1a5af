import { type Arrived, type Outcome, decodePairs, valueOf } from '../http/exchange.js'
import { refuse } from '../http/failure.js'
import { element, wrap } from '../http/xml.js'
import { authFailure } from './auth-failures.js'
import { type AuthDeps, authenticate } from './sigv4.js'

/** Parameters of a query-protocol request, from the query string and from the form in the body. */
export function queryAction(arrived: Arrived): string | undefined {
  const form = decodePairs(arrived.body.toString('utf8')) ?? []
  return valueOf([...(decodePairs(arrived.rawQuery) ?? []), ...form], 'Action')
}

/**
 * Answers GetCallerIdentity, which needs no permission.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function getCallerIdentity(
  arrived: Arrived,
  at: Date,
  requestId: string,
  deps: AuthDeps,
): Outcome {
  const authenticated = authenticate(arrived, 'sts', at, deps)
  if ('problem' in authenticated) {
    return refuse('query', authFailure('sts', authenticated), requestId)
  }
  const { assumedRoleArn, assumedRoleId, account } = authenticated.session
  const result = wrap('GetCallerIdentityResult', [
    element('Arn', assumedRoleArn),
    element('UserId', assumedRoleId),
    element('Account', account),
  ])
  const metadata = wrap('ResponseMetadata', [element('RequestId', requestId)])
  return {
    answer: {
      status: 200,
      headers: { 'Content-Type': 'text/xml', 'x-amzn-RequestId': requestId },
      body:
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">' +
        `${result}${metadata}</GetCallerIdentityResponse>`,
    },
    principal: assumedRoleArn,
  }
}
