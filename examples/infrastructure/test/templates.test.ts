import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readTemplate } from '../../../src/emulator/index.js'
import { readCert } from '../../../test/support/certs.js'
import { temporaryFolder } from '../../../test/support/temporary-folder.js'
import { templateText } from '../src/template-text.js'
import { PROPS, statements, synthesised } from './stack.js'

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const TEMPLATE = path('cloudformation/rolesanywhere.json')
const TERRAFORM = path('terraform')

const runs = (program: string): boolean =>
  spawnSync(program, ['--version'], { timeout: 60_000 }).status === 0

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
    const { status, stdout } = spawnSync('cfn-lint', [TEMPLATE], { encoding: 'utf8' })
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

  it('are valid', function () {
    // The provider comes from a registry that a machine without one cannot reach.
    if (!existsSync(join(TERRAFORM, '.terraform', 'providers'))) {
      console.log('      skipped: no AWS provider here; "terraform init" would fetch it')
      return this.skip()
    }
    const args = [`-chdir=${TERRAFORM}`, 'validate']
    const { status, stdout, stderr } = spawnSync('terraform', args, { encoding: 'utf8' })
    expect(status, `${stdout}${stderr}`).to.equal(0)
  })
})

describe('Terraform beside the CDK', () => {
  const text = readdirSync(TERRAFORM)
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(join(TERRAFORM, name), 'utf8'))
    .join('\n')

  it('permits the same actions under the same names', () => {
    const everything = synthesised({
      imagePuller: { ...PROPS.imagePuller, pullThroughPrefix: 'hub' },
      repository: { name: 'team/app', pullAccounts: ['210987654321'] },
    })
    const cdk = statements(everything.template).map(({ Sid, Action }) => [Sid, [Action].flat()])
    const blocks = [...text.matchAll(/sid\s+= "(\w+)"\s+actions\s+= \[([^\]]*)\]/g)]
    const terraform = blocks.map(([, sid, list = '']) => [
      sid,
      [...list.matchAll(/"([^"]+)"/g)].map(([, action]) => action),
    ])
    const sorted = (said: unknown[][]) =>
      Object.fromEntries(said.map(([sid, actions]) => [sid, [...(actions as string[])].sort()]))
    expect(sorted(terraform)).to.deep.equal(sorted(cdk))
  })

  it('has no wildcard resource but the two that AWS demands', () => {
    expect([...text.matchAll(/resources\s*= \["\*"\]/g)]).to.have.length(2)
    expect([...text.matchAll(/\*/g)].length, 'in names of * rules and comments only').to.be.below(
      10,
    )
  })

  it('has the outputs that the stack has', () => {
    const outputs = [...text.matchAll(/output "(\w+)"/g)].map(([, name = '']) =>
      name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase()),
    )
    const { Outputs } = synthesised().template.toJSON() as { Outputs: object }
    expect(outputs).to.have.members(Object.keys(Outputs))
  })
})
