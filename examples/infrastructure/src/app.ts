import { App, Stack } from 'aws-cdk-lib/core'
import { readSettings } from './read-settings.js'
import { WorkloadAccess } from './workload-access.js'

// cdk deploy -c settings=FILE; default: infrastructure.json in this folder.
const app = new App()
const file = (app.node.tryGetContext('settings') as string | undefined) ?? 'infrastructure.json'
const settings = readSettings(file)
const stack = new Stack(app, 'RolesAnywhere', {
  description: 'AWS credentials for workloads that run where AWS does not',
})
new WorkloadAccess(stack, 'Access', settings)
app.synth()
