import { spawnSync } from 'node:child_process'
import { Annotations, Template } from 'aws-cdk-lib/assertions'
import { App, Stack } from 'aws-cdk-lib/core'
import { WorkloadAccess, type WorkloadAccessProps } from '../src/index.js'

/** Values of a user, all literal. */
export const PROPS: WorkloadAccessProps = {
  name: 'workloads',
  authority: { certificateBundle: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' },
  bucketLister: { subject: { organizationalUnit: 'payments' }, bucketName: 'reports' },
  imagePuller: { subject: { organizationalUnit: 'nodes' } },
  repository: { name: 'team/app' },
}

/** One statement of a policy. */
export interface Statement {
  readonly Sid?: string
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Condition?: Record<string, Record<string, unknown>>
}

/** A stack with these values, synthesised. */
export function synthesised(more: Partial<WorkloadAccessProps> = {}): {
  readonly template: Template
  readonly annotations: Annotations
} {
  const app = new App({ analyticsReporting: false })
  const stack = new Stack(app, 'RolesAnywhere')
  new WorkloadAccess(stack, 'Access', { ...PROPS, ...more })
  return { template: Template.fromStack(stack), annotations: Annotations.fromStack(stack) }
}

/** The properties of every resource of a type, in order. */
export const allOf = (template: Template, type: string): Record<string, unknown>[] =>
  Object.values(template.findResources(type)).map(
    ({ Properties }) => Properties as Record<string, unknown>,
  )

/** Every statement of every policy of a template. */
export function statements(template: Template): Statement[] {
  const names = ['AssumeRolePolicyDocument', 'PolicyDocument', 'RepositoryPolicyText']
  const resources = template.toJSON()['Resources'] as Record<
    string,
    { Properties?: Record<string, { Statement: Statement[] }> }
  >
  return Object.values(resources).flatMap(({ Properties = {} }) =>
    names.flatMap((name) => Properties[name]?.Statement ?? []),
  )
}

/** Whether a program is on this machine. */
export const runs = (program: string): boolean =>
  spawnSync(program, ['--version'], { timeout: 60_000 }).status === 0
