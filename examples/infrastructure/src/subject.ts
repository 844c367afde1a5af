import { ArnFormat, Stack } from 'aws-cdk-lib/core'
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

/** The session tag that Roles Anywhere makes of each part of a certificate. */
const TAGS = {
  commonName: 'x509Subject/CN',
  organizationalUnit: 'x509Subject/OU',
  uri: 'x509SAN/URI',
} as const satisfies Record<keyof CertificateSubject, string>

/**
 * The conditions of a trust policy under which a certificate may assume a role.
 *
 * @throws Error when the subject names nothing, or a wildcard: the operator compares whole texts.
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
    throw new Error('a subject needs commonName, organizationalUnit or uri')
  }
  const wrong = wanted.find(([, value]) => value === '' || value.includes('*'))
  if (wrong) throw new Error(`${wrong[0]}: write the whole value, wildcards match nothing`)
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
