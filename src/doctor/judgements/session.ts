import { parseArn } from '../../protocol/arn.js'
import type { ObtainedSession } from '../../session/create-session.js'
import type { CallerIdentity } from '../caller-identity.js'
import { failed, type Finding, ok, warning } from '../finding.js'
import { duration } from './certificate.js'

/** A session is granted to the second; the rest is the way back. */
const SLACK_MS = 60_000

/**
 * Says what became of CreateSession.
 *
 * @param at By the service's clock, as far as it is known.
 * @param tookMs How long the call took.
 */
export function judgeSession(
  session: ObtainedSession,
  at: Date,
  askedSeconds: number,
  tookMs: number,
): Finding {
  const { credentials, assumedRoleArn, subjectArn, clockOffsetMs } = session
  const lifeMs = credentials.expiration.getTime() - at.getTime()
  const detail = {
    accessKeyId: credentials.accessKeyId,
    expiration: credentials.expiration.toISOString(),
    assumedRoleArn: assumedRoleArn ?? null,
    subjectArn: subjectArn ?? null,
    milliseconds: tookMs,
    clockOffsetSeconds: Math.round(clockOffsetMs / 1000),
  }
  const askedMs = askedSeconds * 1000
  const asAsked = Math.abs(lifeMs - askedMs) <= SLACK_MS
  const message = `a session of ${duration(asAsked ? askedMs : lifeMs)}, until ${credentials.expiration.toISOString()}`
  if (clockOffsetMs !== 0) {
    const hint = 'set the clock (NTP): other calls to AWS are refused'
    return warning(`${message}, only with the time of the service`, hint, detail)
  }
  if (!asAsked && lifeMs < askedMs) {
    const hint = "ask for less with --session-duration, or raise the profile's duration"
    return warning(`${message}, and ${duration(askedMs)} was asked for`, hint, detail)
  }
  return ok(message, detail)
}

/** Says whether the session is that of the role. */
export function judgeCaller(caller: CallerIdentity, roleArn: string): Finding {
  const detail = { ...caller }
  const role = parseArn(roleArn, 'role ARN')
  const name = role.resource.split('/').at(-1) ?? ''
  const expected = `assumed-role/${name}/`
  const { account, resource } = parseArn(caller.arn, 'ARN of the caller')
  if (account === role.account && resource.startsWith(expected)) return ok(caller.arn, detail)
  return failed(
    'ERR_RA_RESPONSE_INVALID',
    `STS knows the session as ${caller.arn}, which is not the role`,
    'check AWS_ENDPOINT_URL_STS, and what stands between',
    detail,
  )
}
