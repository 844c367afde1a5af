import { createHash } from 'node:crypto'
import type { Names } from './names.js'

/** A resource of the template that exists: its condition holds, its functions are carried out. */
export interface Resource {
  readonly id: string
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
}

type Naming = (resource: Resource, scope: Names) => string

/** What `Ref` and the attributes of a type stand for. */
const NAMES: Readonly<Record<string, { readonly ref: Naming } & Record<string, Naming>>> = {
  'AWS::RolesAnywhere::TrustAnchor': {
    ref: uuid,
    TrustAnchorId: uuid,
    TrustAnchorArn: (resource, scope) => rolesAnywhereArn('trust-anchor', resource, scope),
  },
  'AWS::RolesAnywhere::Profile': {
    ref: uuid,
    ProfileId: uuid,
    ProfileArn: (resource, scope) => rolesAnywhereArn('profile', resource, scope),
  },
  'AWS::RolesAnywhere::CRL': { ref: uuid, CrlId: uuid },
  'AWS::IAM::Role': { ref: named('RoleName'), Arn: iamArn('role', 'RoleName') },
  'AWS::IAM::Policy': { ref: named('PolicyName') },
  'AWS::IAM::ManagedPolicy': {
    ref: iamArn('policy', 'ManagedPolicyName'),
    PolicyArn: iamArn('policy', 'ManagedPolicyName'),
  },
  'AWS::ECR::Repository': {
    ref: repositoryName,
    Arn: (resource, scope) =>
      regionalArn('ecr', `repository/${repositoryName(resource, scope)}`, scope),
    RepositoryUri: (resource, scope) => {
      const [account, region, suffix] = ['AccountId', 'Region', 'URLSuffix'].map(pseudo(scope))
      return `${account}.dkr.ecr.${region}.${suffix}/${repositoryName(resource, scope)}`
    },
  },
  'AWS::SNS::Topic': {
    ref: (resource, scope) => regionalArn('sns', stackName(resource, scope), scope),
  },
  'AWS::Events::Rule': {
    ref: stackName,
    Arn: (resource, scope) => regionalArn('events', `rule/${stackName(resource, scope)}`, scope),
  },
}

/** The value of `Ref` (attribute `ref`) or of an attribute; `undefined` where nothing is known. */
export function nameOf(resource: Resource, attribute: string, scope: Names): string | undefined {
  const names = NAMES[resource.type]
  const naming = names && Object.hasOwn(names, attribute) ? names[attribute] : undefined
  return naming?.(resource, scope)
}

const pseudo =
  (scope: Names) =>
  (name: string): string =>
    String(scope.ref(`AWS::${name}`, name))

function text(resource: Resource, property: string): string | undefined {
  const value = resource.properties[property]
  return typeof value === 'string' ? value : undefined
}

/** The same for every run, so that what was noted down yesterday is right today. */
function uuid({ id }: Resource, scope: Names): string {
  const digest = createHash('sha256')
    .update(`${pseudo(scope)('StackName')}/${id}`)
    .digest('hex')
  return digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

/** CloudFormation adds random characters; here a name is the same every time. */
function stackName({ id }: Resource, scope: Names): string {
  return `${pseudo(scope)('StackName')}-${id}`
}

function named(property: string): Naming {
  return (resource, scope) => text(resource, property) ?? stackName(resource, scope).slice(0, 64)
}

function repositoryName(resource: Resource, scope: Names): string {
  return text(resource, 'RepositoryName') ?? stackName(resource, scope).toLowerCase()
}

function iamArn(kind: string, property: string): Naming {
  return (resource, scope) => {
    const path = text(resource, 'Path') ?? '/'
    const [partition, account] = ['Partition', 'AccountId'].map(pseudo(scope))
    return `arn:${partition}:iam::${account}:${kind}${path}${named(property)(resource, scope)}`
  }
}

function regionalArn(service: string, name: string, scope: Names): string {
  const [partition, region, account] = ['Partition', 'Region', 'AccountId'].map(pseudo(scope))
  return `arn:${partition}:${service}:${region}:${account}:${name}`
}

const rolesAnywhereArn = (kind: string, resource: Resource, scope: Names): string =>
  regionalArn('rolesanywhere', `${kind}/${uuid(resource, scope)}`, scope)
