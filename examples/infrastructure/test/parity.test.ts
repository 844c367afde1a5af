import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Template } from 'aws-cdk-lib/assertions'
import { App, Stack } from 'aws-cdk-lib/core'
import { expect } from 'chai'
import { deployedTarget } from '../../../src/cli/deployed-target.js'
import { readStackOutputs } from '../../../src/cli/stack-outputs.js'
import { WorkloadAccess, type WorkloadAccessProps } from '../src/index.js'
import { fromCloudFormation } from './parity/from-cloudformation.js'
import { fromTerraform, type TerraformState } from './parity/from-terraform.js'
import type { Infrastructure } from './parity/infrastructure.js'
import { WISHES } from './parity/settings.js'
import { openModule, type TerraformModule } from './provider/terraform.js'
import { runs } from './stack.js'

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))

function fromCdk(props: WorkloadAccessProps): Infrastructure {
  const stack = new Stack(new App({ analyticsReporting: false }), 'RolesAnywhere')
  new WorkloadAccess(stack, 'Access', props)
  return fromCloudFormation(Template.fromStack(stack).toJSON())
}

describe('the same settings', () => {
  const committed = JSON.parse(
    readFileSync(path('cloudformation/rolesanywhere.json'), 'utf8'),
  ) as object

  for (const { what, cdk, cloudFormation } of WISHES) {
    if (!cloudFormation) continue
    it(`make the same with the CDK and with CloudFormation: ${what}`, () => {
      expect(fromCloudFormation(committed, cloudFormation)).to.deep.equal(fromCdk(cdk))
    })
  }

  it('use every parameter of the template and every variable of the module', () => {
    const { Parameters } = committed as { Parameters: object }
    const used = (kind: 'cloudFormation' | 'terraform'): string[] => [
      ...new Set(WISHES.flatMap((wishes) => Object.keys(wishes[kind] ?? {}))),
    ]
    expect(used('cloudFormation')).to.have.members(Object.keys(Parameters))
    const variables = [
      ...readFileSync(path('terraform/variables.tf'), 'utf8').matchAll(/^variable "(\w+)"/gm),
    ].map(([, name = '']) => name)
    expect(used('terraform')).to.have.members(variables.filter((name) => name !== 'name'))
  })

  describe('with Terraform', () => {
    let terraform: TerraformModule | undefined

    before(async function () {
      if (!runs('terraform')) {
        console.log('      skipped: no terraform on this machine')
        this.skip()
      }
      terraform = await openModule(path('terraform'))
    })
    after(() => terraform?.close())

    async function succeeds(...args: string[]): Promise<string> {
      const { status, stdout, stderr } = await terraform!.run(...args)
      expect(status, `${stdout}${stderr}`).to.equal(0)
      return stdout
    }

    async function make(variables: Readonly<Record<string, unknown>>): Promise<Infrastructure> {
      terraform!.variables(variables)
      await succeeds('apply', '-auto-approve', '-input=false', '-no-color')
      const state = JSON.parse(await succeeds('show', '-json')) as TerraformState
      const outputs = readStackOutputs(await succeeds('output', '-json'), 'outputs')
      expect(deployedTarget(outputs, undefined, 'BucketListerRoleArn').profileArn).to.match(
        /:profile\/workloads$/,
      )
      await succeeds('destroy', '-auto-approve', '-input=false', '-no-color')
      return fromTerraform(state)
    }

    it('are valid to it, by what the provider says of its resources', async () => {
      await succeeds('validate', '-no-color')
    })

    for (const { what, cdk, terraform: variables } of WISHES) {
      it(`make the same with the CDK and with Terraform: ${what}`, async () => {
        expect(await make(variables)).to.deep.equal(fromCdk(cdk))
      })
    }
  })
})
