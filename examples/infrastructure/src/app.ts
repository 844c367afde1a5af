import { App, Stack } from 'aws-cdk-lib/core'
import { readSettings, SettingsError } from './read-settings.js'
import { SubjectError } from './subject.js'
import { WorkloadAccess } from './workload-access.js'

// cdk deploy -c settings=FILE; default: infrastructure.json in this folder.
const app = new App()
const file = (app.node.tryGetContext('settings') as string | undefined) ?? 'infrastructure.json'
try {
  const settings = readSettings(file)
  const stack = new Stack(app, 'RolesAnywhere', {
    description: 'AWS credentials for workloads that run where AWS does not',
  })
  new WorkloadAccess(stack, 'Access', settings)
  app.synth()
} catch (error) {
  // What a person wrote needs no stack trace; anything else is a mistake of ours, and does.
  if (!(error instanceof SettingsError || error instanceof SubjectError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}
