import type {
  PolicyDocument,
  ProfileDocument,
  RepositoryDocument,
  RoleDocument,
  StateDocument,
  TrustAnchorDocument,
} from '../state/document.js'
import { nameOf, type Resource } from './resource-names.js'
import type { TemplateScope } from './template-scope.js'

/** Types that change nothing that the emulator looks at. */
const SILENT = [/^AWS::CloudWatch::/, /^AWS::Events::/, /^AWS::SNS::/, /^AWS::CDK::Metadata$/]

/** Types that are read here. */
const READ: ReadonlySet<string> = new Set([
  ...['TrustAnchor', 'Profile', 'CRL'].map((name) => `AWS::RolesAnywhere::${name}`),
  ...['Role', 'Policy', 'ManagedPolicy'].map((name) => `AWS::IAM::${name}`),
  'AWS::ECR::Repository',
])

/**
 * The state that a template describes.
 *
 * @param warn Hears what the template holds and the emulator does not.
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID` where leaving something out would
 *   permit what AWS does not.
 */
export function stateOfTemplate(
  scope: TemplateScope,
  warn: (message: string) => void,
): StateDocument {
  const { resources } = scope
  const ofType = (type: string): Resource[] => resources.filter((x) => x.type === `AWS::${type}`)
  for (const { id, type } of resources) {
    if (READ.has(type) || SILENT.some((form) => form.test(type))) continue
    warn(`resource "${id}" (${type}) is not emulated`)
  }
  const crls = ofType('RolesAnywhere::CRL')
  const inline = ofType('IAM::Policy')
  const managed = new Map(
    ofType('IAM::ManagedPolicy').map((resource) => [nameOf(resource, 'ref', scope), resource]),
  )
  return {
    trustAnchors: ofType('RolesAnywhere::TrustAnchor').map((resource) =>
      trustAnchor(resource, crls, scope, warn),
    ),
    profiles: ofType('RolesAnywhere::Profile').map((resource) =>
      profile(resource, managed, scope, warn),
    ),
    roles: ofType('IAM::Role').map((resource) => role(resource, inline, managed, scope, warn)),
    repositories: ofType('ECR::Repository').map((resource) => repository(resource, scope)),
  }
}

type Warn = (message: string) => void
type Managed = ReadonlyMap<string | undefined, Resource>

function trustAnchor(
  resource: Resource,
  crls: readonly Resource[],
  scope: TemplateScope,
  warn: Warn,
): TrustAnchorDocument {
  const arn = nameOf(resource, 'TrustAnchorArn', scope) ?? ''
  const source = resource.properties['Source'] as
    Record<string, Record<string, unknown>> | undefined
  const certificate = source?.['SourceData']?.['X509CertificateData']
  if (typeof certificate !== 'string' || certificate === '') {
    scope.fail(
      `Resources.${resource.id} has no X509CertificateData: the emulator has no AWS Private CA`,
    )
  }
  return {
    arn,
    enabled: enabled(resource, warn),
    certificate,
    crls: crls
      .filter(({ properties }) => properties['TrustAnchorArn'] === arn)
      .map((crl) => ({ enabled: enabled(crl, warn), crl: String(crl.properties['CrlData']) })),
  }
}

/** The service does not say what holds without the member; the emulator takes the careful answer. */
function enabled({ id, properties }: Resource, warn: Warn): boolean {
  const value = properties['Enabled']
  if (value === undefined) warn(`resource "${id}" does not say Enabled: it counts as disabled`)
  return String(value) === 'true'
}

function profile(
  resource: Resource,
  managed: Managed,
  scope: TemplateScope,
  warn: Warn,
): ProfileDocument {
  const { properties, id } = resource
  const narrowing = [
    ...(properties['SessionPolicy'] === undefined ? [] : [properties['SessionPolicy']]),
    ...listOf(properties['ManagedPolicyArns']).map((arn) => {
      const policy = managed.get(String(arn))
      // Without it sessions could do more here than in AWS.
      return policy
        ? policy.properties['PolicyDocument']
        : scope.fail(
            `Resources.${id} is narrowed by ${String(arn)}, which the template does not hold`,
          )
    }),
  ].map((policy) => policyOf(policy, `Resources.${id}`, scope))
  const mappings = properties['AttributeMappings']
  return {
    arn: nameOf(resource, 'ProfileArn', scope) ?? '',
    enabled: enabled(resource, warn),
    roleArns: listOf(properties['RoleArns']).map(String),
    durationSeconds: Number(properties['DurationSeconds'] ?? 3600),
    acceptRoleSessionName: String(properties['AcceptRoleSessionName']) === 'true',
    ...(mappings === undefined ? {} : { attributeMappings: mappingsOf(mappings) }),
    ...(narrowing.length > 0 && { sessionPolicy: together(narrowing) }),
  }
}

/** CloudFormation writes the members of mappings with capitals. */
function mappingsOf(mappings: unknown): NonNullable<ProfileDocument['attributeMappings']> {
  const lower = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(lower)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([name, member]) => [
              `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
              lower(member),
            ]),
          )
        : value
  return lower(mappings) as NonNullable<ProfileDocument['attributeMappings']>
}

function role(
  resource: Resource,
  inline: readonly Resource[],
  managed: Managed,
  scope: TemplateScope,
  warn: Warn,
): RoleDocument {
  const { properties, id } = resource
  if (properties['PermissionsBoundary'] !== undefined) {
    scope.fail(`Resources.${id} has a permissions boundary, which the emulator does not know`)
  }
  const name = nameOf(resource, 'ref', scope)
  const attached = inline.filter((x) => listOf(x.properties['Roles']).includes(name))
  const arns = listOf(properties['ManagedPolicyArns'])
  for (const arn of arns.filter((x) => !managed.has(String(x)))) {
    warn(
      `role "${id}" has ${String(arn)}, which the template does not hold: it permits nothing here`,
    )
  }
  const policies = [
    ...listOf(properties['Policies']).map((x) => (x as Record<string, unknown>)['PolicyDocument']),
    ...attached.map((x) => x.properties['PolicyDocument']),
    ...[...managed.entries()]
      .filter(([arn, x]) => arns.includes(arn) || listOf(x.properties['Roles']).includes(name))
      .map(([, x]) => x.properties['PolicyDocument']),
  ]
  return {
    arn: nameOf(resource, 'Arn', scope) ?? '',
    maxSessionDuration: Number(properties['MaxSessionDuration'] ?? 3600),
    trustPolicy: policyOf(properties['AssumeRolePolicyDocument'], `Resources.${id}`, scope),
    policies: policies.map((policy) => policyOf(policy, `Resources.${id}`, scope)),
  }
}

function repository(resource: Resource, scope: TemplateScope): RepositoryDocument {
  const policy = resource.properties['RepositoryPolicyText']
  return {
    name: nameOf(resource, 'ref', scope) ?? '',
    account: String(scope.ref('AWS::AccountId', resource.id)),
    region: String(scope.ref('AWS::Region', resource.id)),
    ...(policy !== undefined && {
      policy: policyOf(policy, `Resources.${resource.id}`, scope),
    }),
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** A document as an object, or as the text of one. Its content is checked with the state. */
function policyOf(value: unknown, where: string, scope: TemplateScope): PolicyDocument {
  if (typeof value === 'object' && value !== null) return value as PolicyDocument
  try {
    return JSON.parse(String(value)) as PolicyDocument
  } catch {
    return scope.fail(`${where} has a policy that is not JSON`)
  }
}

/** Several documents count as one: what any of them allows, and none denies. */
const together = (policies: readonly PolicyDocument[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: policies.flatMap(({ Statement }) => Statement),
})
