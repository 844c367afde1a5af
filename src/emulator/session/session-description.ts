import type { Context } from '../policy/pattern.js'
import type { Profile, TrustAnchor } from '../state/model.js'
import type { Certificate } from '../x509/certificate.js'
import { firstValue } from '../x509/name.js'
import type { Parameters } from './parameters.js'
import { type Session, roleId, stableUuid } from './session-store.js'
import { sessionTags } from './session-tags.js'

/** Everything about a session but its keys, and what it was asked with. */
export interface SessionDescription extends Omit<
  Session,
  'accessKeyId' | 'secretAccessKey' | 'sessionToken'
> {
  readonly trustAnchorArn: string
  readonly sessionName: string
}

/** Works out the session that a verified request would get. */
export function describeSession(from: {
  readonly certificate: Certificate
  readonly anchor: TrustAnchor
  readonly profile: Profile
  readonly parameters: Parameters
  readonly at: Date
}): SessionDescription {
  const { certificate, anchor, profile, parameters, at } = from
  const { partition, account, resource, text: roleArn } = parameters.roleArn
  // The last part: an assumed role's ARN leaves the path of the role out.
  const roleName = resource.slice(resource.lastIndexOf('/') + 1)
  const sessionName = parameters.roleSessionName ?? defaultSessionName(certificate.serial)
  const durationSeconds = Math.min(
    parameters.durationSeconds ?? profile.durationSeconds,
    profile.durationSeconds,
  )
  return {
    durationSeconds,
    issuedAt: at,
    expiration: new Date(at.getTime() + durationSeconds * 1000),
    partition,
    account,
    roleArn,
    profileArn: profile.arn.text,
    trustAnchorArn: anchor.arn.text,
    sessionName,
    assumedRoleArn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`,
    assumedRoleId: `${roleId(roleArn)}:${sessionName}`,
    sourceIdentity: sourceIdentityOf(certificate),
    subjectArn: subjectArnOf(certificate, anchor),
    tags: sessionTags(certificate, profile.attributeMappings),
  }
}

/** What the conditions of a trust policy may ask about. */
export function assumeRoleContext(description: SessionDescription): Context {
  const { tags, trustAnchorArn, sourceIdentity, sessionName, issuedAt } = description
  const entries: [string, string[]][] = [
    ['aws:SourceArn', [trustAnchorArn]],
    ['aws:SourceAccount', [trustAnchorArn.split(':')[4] ?? '']],
    ['sts:SourceIdentity', [sourceIdentity]],
    ['sts:RoleSessionName', [sessionName]],
    ['aws:TagKeys', [...tags.keys()]],
    ...timeKeys(issuedAt),
  ]
  for (const [key, value] of tags) {
    entries.push([`aws:PrincipalTag/${key}`, [value]], [`aws:RequestTag/${key}`, [value]])
  }
  return new Map(entries.map(([name, values]) => [name.toLowerCase(), values]))
}

/** The keys with which a policy asks for the time of a request. */
export const timeKeys = (at: Date): [name: string, values: string[]][] => [
  ['aws:CurrentTime', [at.toISOString()]],
  ['aws:EpochTime', [String(Math.floor(at.getTime() / 1000))]],
]

/** Lower-case hexadecimal serial number, two characters at least as STS demands. */
const defaultSessionName = (serial: bigint): string => serial.toString(16).padStart(2, '0')

/**
 * The source identity, which has at most 64 characters.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
function sourceIdentityOf({ subject, serial }: Certificate): string {
  const commonName = firstValue(subject, 'CN') ?? ''
  // Characters, not UTF-16 code units.
  const { length } = [...commonName]
  if (length === 0 || length > 64) {
    const hex = serial.toString(16)
    return `ID=${hex.padStart(hex.length + (hex.length % 2), '0')}`
  }
  return length <= 61 ? `CN=${commonName}` : commonName
}

/** The same for the same account, trust anchor and subject. */
function subjectArnOf({ subjectDer }: Certificate, { arn }: TrustAnchor): string {
  const id = stableUuid(`${arn.account}\n${arn.text}\n${subjectDer}`)
  return `arn:${arn.partition}:rolesanywhere:${arn.region}:${arn.account}:subject/${id}`
}
