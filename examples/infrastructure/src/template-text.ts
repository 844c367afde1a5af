import { App } from 'aws-cdk-lib/core'
import { ParameterizedStack } from './parameterized-stack.js'

/** The CloudFormation template, as it is committed. */
export function templateText(): string {
  const app = new App({ analyticsReporting: false, treeMetadata: false })
  const stack = new ParameterizedStack(app, 'RolesAnywhere')
  const template: unknown = app.synth().getStackByName(stack.stackName).template
  return `${JSON.stringify(template, null, 2)}\n`
}
