import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endPrograms, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const TEMPLATE = fileURLToPath(
  new URL('../../examples/infrastructure/cloudformation/rolesanywhere.json', import.meta.url),
)

describe('from a CA to a session with the infrastructure template', () => {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder.path, name)

  beforeEach(async () => {
    const pki = ['--directory', path('pki')]
    await succeeds('pki', 'init', ...pki)
    await succeeds('pki', 'issue', 'lister', '--subject', 'CN=lister,OU=payments', ...pki)
    await succeeds('pki', 'issue', 'stranger', '--subject', 'CN=lister,OU=marketing', ...pki)
  })
  afterEach(endPrograms)

  async function succeeds(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await rolesanywhere(args)
    expect(status, stderr).to.equal(0)
    return stdout
  }

  /** The emulator with the template's own values for a user. */
  const emulatorArgs = (...more: string[]): string[] => [
    ...['emulator', '--from-template', TEMPLATE, '--listen', '127.0.0.1:0'],
    ...['--parameter', `CertificateBundle=@${path('pki/ca.pem')}`],
    ...['--parameter', 'BucketListerUnit=payments', '--parameter', 'ImagePullerUnit=nodes'],
    ...more,
  ]

  it('prints settings with which the right certificate gets a session, and another does not', async () => {
    const outputs = path('outputs.json')
    const emulator = start([PROGRAM, ...emulatorArgs('--outputs-file', outputs)])
    const [endpoint = ''] = /https?:\/\/\S+/.exec(await emulator.logged(/listening on/)) ?? []
    const lines = (await succeeds('settings', outputs, '--format', 'env')).trim().split('\n')
    const env = Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]))
    const ask = async (name: string) =>
      rolesanywhere(
        [
          ...['credential-process', '--certificate', path(`pki/issued/${name}.chain.pem`)],
          ...['--private-key', path(`pki/issued/${name}.key`), '--endpoint', endpoint],
        ],
        env,
      )
    const granted = await ask('lister')
    expect(granted.status, granted.stderr).to.equal(0)
    expect(JSON.parse(granted.stdout)).to.include({ Version: 1 })
    const refused = await ask('stranger')
    expect(refused.status).to.equal(5)
    expect(refused.stderr).to.include('ERR_RA_SESSION_DENIED')
  })

  for (const { what, args, names } of [
    {
      what: 'a parameter without a value',
      args: ['--parameter', 'BucketName'],
      names: '--parameter',
    },
    {
      what: 'a parameter file that is not there',
      args: ['--parameter', 'BucketName=@x'],
      names: 'x',
    },
    {
      what: 'a parameter that nobody declared',
      args: ['--parameter', 'Bucket=x'],
      names: 'Bucket',
    },
  ]) {
    it(`refuses ${what}`, async () => {
      const { status, stderr } = await rolesanywhere(emulatorArgs(...args))
      expect(status).to.be.oneOf([2, 3])
      expect(stderr).to.include(names)
    })
  }

  it('refuses parameters without a template', async () => {
    await writeFile(path('state.json'), '{}')
    const args = ['emulator', '--state', path('state.json'), '--parameter', 'A=b']
    const { status, stderr } = await rolesanywhere(args)
    expect(status).to.equal(2)
    expect(stderr).to.include('ERR_RA_FLAG_CONFLICT')
    expect(await readdir(folder.path)).not.to.include('outputs.json.tmp')
  })
})
