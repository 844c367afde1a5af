import { ArnFormat, Stack, Token } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

/**
 * Which certificates are meant. Every member that is given must fit, and one is needed at least:
 * without any, each certificate that the CA ever issued would be let in.
 */
export interface CertificateSubject {
  /** CN of the subject. */
  readonly commonName?: string
  /** OU of the subject. */
  readonly organizationalUnit?: string
  /** First URI among the alternative names, for example a SPIFFE ID. */
  readonly uri?: string
}

/** A subject that no certificate can have, or that every certificate has. */
export class SubjectError extends Error {}

/** The session tag that Roles Anywhere makes of each part of a certificate. */
const TAGS = {
  commonName: 'x509Subject/CN',
  organizationalUnit: 'x509Subject/OU',
  uri: 'x509SAN/URI',
} as const satisfies Record<keyof CertificateSubject, string>

/** What STS takes as the value of a session tag. */
export const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u

/**
 * The conditions of a trust policy under which a certificate may assume a role.
 *
 * @throws SubjectError when the subject names nothing, or what no session tag can be, for example a
 *   wildcard: the operator compares whole texts.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export function trustConditions(
  scope: Construct,
  trustAnchorArn: string,
  subject: CertificateSubject,
): Record<string, Record<string, string>> {
  const wanted = Object.entries(TAGS).flatMap(([part, tag]) => {
    const value = subject[part as keyof CertificateSubject]
    return value === undefined ? [] : [[`aws:PrincipalTag/${tag}`, value] as const]
  })
  if (wanted.length === 0) {
    throw new SubjectError('a subject needs commonName, organizationalUnit or uri')
  }
  const wrong = wanted.find(([, value]) => !Token.isUnresolved(value) && !TAG_VALUE.test(value))
  if (wrong) {
    const [tag, value] = wrong
    throw new SubjectError(
      `${tag} is "${value}", which matches nothing: write the whole value, of letters, digits, ` +
        'spaces and _.:/=+-@',
    )
  }
  return {
    ArnEquals: { 'aws:SourceArn': trustAnchorArn },
    StringEquals: { 'aws:SourceAccount': Stack.of(scope).account, ...Object.fromEntries(wanted) },
  }
}

/** The ARN of a repository of this stack's account and region. */
export const repositoryArn = (scope: Construct, repositoryName: string): string =>
  Stack.of(scope).formatArn({
    service: 'ecr',
    resource: 'repository',
    resourceName: repositoryName,
    arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
  })
