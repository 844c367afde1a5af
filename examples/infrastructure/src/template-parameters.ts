import { CfnParameter, type CfnParameterProps } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const OPTIONAL: CfnParameterProps = { default: '' }

/** A trust condition compares whole texts; one for nothing, or for `*`, would be a mistake. */
const NEEDED: CfnParameterProps = {
  minLength: 1,
  allowedPattern: '[^*]+',
  constraintDescription: 'a whole value without *',
}

/** Parameters that are texts. CloudFormation takes 4096 characters for each. */
const TEXTS = {
  CertificateBundle: { description: 'PEM of one or two CA certificates', ...OPTIONAL },
  PrivateCaArn: { description: 'Instead: ARN of a CA of AWS Private CA', ...OPTIONAL },
  RevocationList: { description: 'CRL in PEM; empty: none', ...OPTIONAL },
  BucketListerUnit: { description: 'OU in the certificates of pods', ...NEEDED },
  BucketListerUri: { description: 'SPIFFE ID in them; empty: any', ...OPTIONAL },
  ImagePullerUnit: { description: 'OU in the certificates of nodes', ...NEEDED },
  ImagePullerCommonName: { description: 'CN in them; empty: any', ...OPTIONAL },
  BucketName: { description: 'Bucket whose keys pods may list; empty: none', ...OPTIONAL },
  RepositoryName: {
    description: 'Repository to make',
    default: 's3-bucket-lister',
    allowedPattern: '[a-z0-9]+([._/-][a-z0-9]+)*',
  },
  NotificationEmail: { description: 'Who hears of certificates that end', ...OPTIONAL },
} as const satisfies Record<string, CfnParameterProps>

/** References to the parameters of the template. */
export type Parameters = Readonly<Record<keyof typeof TEXTS, string>> & {
  readonly PullAccounts: string[]
  readonly sessionSeconds: number
}

/** Declares the parameters of the template. */
export function parameters(scope: Construct): Parameters {
  const texts = Object.entries(TEXTS).map(([name, props]) => [
    name,
    new CfnParameter(scope, name, { type: 'String', ...props }).valueAsString,
  ])
  return {
    ...(Object.fromEntries(texts) as Record<keyof typeof TEXTS, string>),
    PullAccounts: new CfnParameter(scope, 'PullAccounts', {
      type: 'CommaDelimitedList',
      description: 'Other accounts that may pull, 12 digits each; empty: none',
      default: '',
    }).valueAsList,
    // The roles permit an hour; a longer session would be refused.
    sessionSeconds: new CfnParameter(scope, 'SessionSeconds', {
      type: 'Number',
      description: 'Length of a session',
      default: 3600,
      minValue: 900,
      maxValue: 3600,
    }).valueAsNumber,
  }
}
