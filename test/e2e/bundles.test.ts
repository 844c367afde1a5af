import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { COMMANDS } from '../../src/commands.js'
import { IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { modulesLoadedBy } from '../support/loaded-modules.js'
import { endPrograms, rolesanywhere } from '../support/program.js'
import { startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** Commands whose bundle is not that of all the others. */
const BUNDLE_OF: Readonly<Record<string, string>> = {
  'credential-process': 'credential-process.cjs',
  'ecr docker-credential': 'ecr.cjs',
  'ecr credential-provider': 'ecr.cjs',
  'ecr login-password': 'ecr.cjs',
  serve: 'sidecar.cjs',
  exec: 'sidecar.cjs',
  update: 'sidecar.cjs',
  doctor: 'main.cjs',
}

describe('the bundles of the program', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(endPrograms)

  for (const [name, bundle] of Object.entries(BUNDLE_OF)) {
    it(`run "${name}" from ${bundle} and no other`, async () => {
      const args = [...name.split(' '), '--help']
      const { usage } = (await COMMANDS[name]?.load()) ?? {}
      expect((await rolesanywhere(args)).stdout).to.include(
        `Usage: rolesanywhere ${usage ?? '?'}\n`,
      )
      const { files } = await modulesLoadedBy(folder.path, args)
      const own = ['witness.cjs', 'rolesanywhere.cjs', bundle]
      // The text of the help is a part of its own of the one bundle that is never to hold it.
      const help = name === 'credential-process' ? ['help.cjs'] : []
      expect(files).to.deep.equal([...own, ...help])
    })
  }

  it('have a sidecar without a health listener load no more than what reads config files', async () => {
    const args = ['exec', ...IDENTITY_FLAGS, ...targetFlags(aws.url), '--', 'true']
    const { files } = await modulesLoadedBy(folder.path, args)
    expect(files).to.deep.equal([
      ...['witness.cjs', 'rolesanywhere.cjs', 'sidecar.cjs'],
      'shared-ini-file-loader.cjs',
    ])
  })

  it('have left enough of Express to name every content type', async () => {
    const token = join(folder.path, 'token')
    const { health } = await startServe(token, [...IDENTITY_FLAGS, ...targetFlags(aws.url)])
    const headers = { connection: 'close' }
    for (const [path, type] of Object.entries({
      '/': 'text/html; charset=utf-8',
      '/healthz': 'text/plain; charset=utf-8',
      '/nowhere': 'text/plain; charset=utf-8',
      '/metrics': 'text/plain; version=0.0.4; charset=utf-8',
    })) {
      const answer = await fetch(health + path, { headers })
      await answer.text()
      expect([path, answer.headers.get('content-type')]).to.deep.equal([path, type])
    }
  })
})
