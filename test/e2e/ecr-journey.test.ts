import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endPrograms, startCommand } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const JOURNEY = fileURLToPath(new URL('../../examples/ecr/journey.sh', import.meta.url))

describe('examples/ecr/journey.sh', () => {
  const folder = temporaryFolder()
  afterEach(endPrograms)

  it('comes to its end without another program, shows no password and leaves nothing', async () => {
    const temporary = join(folder.path, 'tmp')
    await mkdir(temporary)
    const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
    // What the user has set must not count.
    const user = { AWS_PROFILE: 'absent', ROLESANYWHERE_CERTIFICATE: '/nowhere.pem' }
    const { status, stdout, stderr } = await startCommand(JOURNEY, ['--without-clients'], {
      ...{ PATH, TMPDIR: temporary, HOME: folder.path },
      ...user,
    }).finished()
    expect(status, stderr).to.equal(0)
    expect(stdout.match(/^\d(?=\. )/gm)?.join('')).to.equal('123456789')
    expect(stdout).to.include('1201 tags, from build-0001 to v1')
    expect(stdout).to.include('"Username":"AWS","Secret":"…"')
    expect(stdout).to.include('"username":"AWS","password":"…"')
    // Through the password of the helper, and through the answer to the kubelet.
    expect(stdout.match(/^ {3}team\/app:v1 sha256:[0-9a-f]{64}, layers: 1$/gm)).to.have.length(2)
    expect(stdout).to.include('image of team/app, account 123456789012')
    expect(stdout).to.match(/^ {3}CreateSession: 1\n {3}GetAuthorizationToken: 1$/m)
    expect(`${stdout}${stderr}`).to.not.match(/[\w+/]{200}/)
    expect(await readdir(temporary)).to.deep.equal([])
  }).timeout(60_000)

  it('refuses what it does not know', async () => {
    const { status, stdout } = await startCommand(JOURNEY, ['--frob']).finished()
    expect(status).to.equal(2)
    expect(stdout).to.match(/^From a certificate/)
  })
})
