import { CfnParameter, type CfnParameterProps, Fn } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const OPTIONAL: CfnParameterProps = { default: '' }

/** A trust condition compares whole texts, and a session tag has no other characters. */
const SUBJECT: CfnParameterProps = {
  default: '',
  maxLength: 256,
  allowedPattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*',
  constraintDescription: 'a whole value of letters, digits, spaces and _.:/=+-@',
}

const REPOSITORY = '[a-z0-9]+([._/-][a-z0-9]+)*'
const BOOLEAN: CfnParameterProps = { default: 'false', allowedValues: ['true', 'false'] }

/** Parameters that are texts. CloudFormation takes 4096 characters for each. */
const TEXTS = {
  CertificateBundle: { description: 'PEM of one or two CA certificates', ...OPTIONAL },
  PrivateCaArn: {
    description: 'Instead: ARN of a CA of AWS Private CA',
    ...OPTIONAL,
    allowedPattern: '(arn:[a-z-]+:acm-pca:.+)?',
  },
  RevocationList: { description: 'CRL in PEM; empty: none', ...OPTIONAL },
  SecondRevocationList: { description: 'One more; empty: none', ...OPTIONAL },
  BucketListerUnit: { description: 'OU in the certificates of pods; empty: any', ...SUBJECT },
  BucketListerCommonName: { description: 'CN in them; empty: any', ...SUBJECT },
  BucketListerUri: { description: 'SPIFFE ID in them; empty: any', ...SUBJECT },
  ImagePullerUnit: { description: 'OU in the certificates of nodes; empty: any', ...SUBJECT },
  ImagePullerCommonName: { description: 'CN in them; empty: any', ...SUBJECT },
  ImagePullerUri: { description: 'SPIFFE ID in them; empty: any', ...SUBJECT },
  BucketName: {
    description: 'Bucket whose keys pods may list; empty: none',
    ...OPTIONAL,
    allowedPattern: '([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?',
  },
  RepositoryName: {
    description: 'Repository to make',
    default: 's3-bucket-lister',
    allowedPattern: REPOSITORY,
  },
  PullThroughPrefix: {
    description: 'Prefix of a pull-through cache rule that nodes may use; empty: none',
    ...OPTIONAL,
    allowedPattern: `(${REPOSITORY})?`,
  },
  AcceptRoleSessionName: {
    description: 'Whether workloads choose the name that CloudTrail shows',
    ...BOOLEAN,
  },
  SessionPolicy: {
    description: 'Policy document in JSON that narrows every session; empty: none',
    ...OPTIONAL,
  },
  NotificationEmail: { description: 'Who hears of certificates that end', ...OPTIONAL },
} as const satisfies Record<string, CfnParameterProps>

/** Parameters that are lists of texts; empty: none. */
const LISTS = {
  PullRepositoryArns: {
    description: 'ARNs of other repositories that nodes pull from; empty: none',
    allowedPattern: '(arn:[a-z-]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[a-z0-9._/-]+)?',
  },
  PullAccounts: {
    description: 'Other accounts that may pull, 12 digits each; empty: none',
    allowedPattern: '([0-9]{12})?',
  },
  ManagedSessionPolicyArns: {
    description: 'Managed policies that narrow every session; empty: none',
    allowedPattern: '(arn:[a-z-]+:iam::.+)?',
  },
} as const satisfies Record<string, CfnParameterProps>

const NUMBERS = {
  KeptImages: { description: 'Images that are kept; older ones go', default: 30, minValue: 1 },
  CaExpiryDays: {
    description: 'Days before the end of a CA certificate at which notices begin',
    default: 45,
    minValue: 1,
    maxValue: 360,
  },
  EndEntityExpiryDays: {
    description: 'The same for certificates of workloads',
    default: 14,
    minValue: 1,
    maxValue: 360,
  },
  CaAlarmDays: {
    description: 'Days before the end at which the alarm goes off, at most CaExpiryDays',
    default: 30,
    minValue: 1,
  },
} as const satisfies Record<string, CfnParameterProps>

/** Lengths of sessions, in seconds, that the template offers. */
export const SESSION_LENGTHS = [900, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200]

/** References to the parameters of the template. */
export type Parameters = Readonly<
  Record<keyof typeof TEXTS, string> &
    Record<keyof typeof LISTS, string[]> &
    Record<keyof typeof NUMBERS | 'SessionSeconds', number>
>

/** Declares the parameters of the template. */
export function parameters(scope: Construct): Parameters {
  const declare = (name: string, props: CfnParameterProps): CfnParameter =>
    new CfnParameter(scope, name, { type: 'String', ...props })
  const texts = Object.entries(TEXTS).map(([name, props]) => [
    name,
    declare(name, props).valueAsString,
  ])
  const lists = Object.entries(LISTS).map(([name, props]) => [
    name,
    declare(name, { ...props, type: 'CommaDelimitedList', default: '' }).valueAsList,
  ])
  // A template cannot say "the longer of two": the lengths are named, and roles follow them.
  const session = {
    description: 'Length of a session; the roles permit as much',
    default: '3600',
    allowedValues: SESSION_LENGTHS.map(String),
  }
  const numbers = Object.entries({ ...NUMBERS, SessionSeconds: session }).map(([name, props]) => [
    name,
    declare(name, { ...props, type: 'Number' }).valueAsNumber,
  ])
  return Object.fromEntries([...texts, ...lists, ...numbers]) as Parameters
}

/** Whether a parameter is empty, as an expression. */
export const isEmpty = (value: string | string[]): ReturnType<typeof Fn.conditionEquals> =>
  Fn.conditionEquals(typeof value === 'string' ? value : Fn.join('', value), '')
