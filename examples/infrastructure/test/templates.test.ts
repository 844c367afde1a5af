import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readTemplate } from '../../../src/emulator/index.js'
import { readCert } from '../../../test/support/certs.js'
import { temporaryFolder } from '../../../test/support/temporary-folder.js'
import { templateText } from '../src/template-text.js'
import { WISHES } from './parity/settings.js'
import { runs, synthesised } from './stack.js'

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const TEMPLATE = path('cloudformation/rolesanywhere.json')
const TERRAFORM = path('terraform')

describe('the CloudFormation template', () => {
  const folder = temporaryFolder()

  it('is what the CDK writes (npm run template)', () => {
    expect(readFileSync(TEMPLATE, 'utf8')).to.equal(templateText())
  })

  it('is read by the emulator when it was written with values', () => {
    const file = join(folder.path, 'template.json')
    const authority = { certificateBundle: readCert('root.pem').toString() }
    writeFileSync(file, JSON.stringify(synthesised({ authority }).template.toJSON()))
    const warnings: string[] = []
    const warn = (message: string): void => void warnings.push(message)
    const { outputs } = readTemplate({ path: file, parameters: new Map(), warn })
    expect(outputs.get('RepositoryUri')).to.match(/\/team\/app$/)
    expect(warnings).to.deep.equal([])
  })

  it('pleases cfn-lint', function () {
    if (!runs('cfn-lint')) {
      console.log('      skipped: no cfn-lint on this machine')
      return this.skip()
    }
    // The one for everybody, and one with values: no rule is left out.
    const [everything] = WISHES.filter(({ what }) => what === 'everything')
    const file = join(folder.path, 'everything.json')
    writeFileSync(file, JSON.stringify(synthesised(everything?.cdk).template.toJSON()))
    const { status, stdout } = spawnSync('cfn-lint', [TEMPLATE, file], { encoding: 'utf8' })
    expect(status, stdout).to.equal(0)
  })
})

describe('the Terraform files', () => {
  before(function () {
    if (runs('terraform')) return
    console.log('    skipped: no terraform on this machine')
    this.skip()
  })

  it('are formatted', () => {
    const args = [`-chdir=${TERRAFORM}`, 'fmt', '-check', '-diff']
    const { status, stdout } = spawnSync('terraform', args, { encoding: 'utf8' })
    expect(status, stdout).to.equal(0)
  })

  it('are valid to the provider itself', function () {
    // It comes from a registry; parity.test.ts asks the schema of one in any case.
    if (!existsSync(join(TERRAFORM, '.terraform', 'providers'))) {
      console.log('      skipped: no AWS provider here; "terraform init" would fetch it')
      return this.skip()
    }
    const args = [`-chdir=${TERRAFORM}`, 'validate']
    const { status, stdout, stderr } = spawnSync('terraform', args, { encoding: 'utf8' })
    expect(status, `${stdout}${stderr}`).to.equal(0)
  })
})
