import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { ecrFlags } from '../support/ecr.js'
import { kubeletRequest } from '../support/ecr-clients.js'
import { type Finished, PROGRAM, rolesanywhere, startCommand } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const INSTALLER = fileURLToPath(
  new URL('../../examples/ecr/install-credential-provider.sh', import.meta.url),
)
const NAME = 'rolesanywhere-ecr-credential-provider'
const BIN_DIR = '/usr/local/lib/kubelet-credential-providers'
const CONFIG = '/etc/kubernetes/credential-providers.yaml'

describe('the installer of the credential provider', function () {
  if (process.platform !== 'linux') return
  const folder = temporaryFolder()
  const below = (path: string): string => join(folder.path, 'node', path)

  async function install(...more: readonly string[]): Promise<Finished> {
    const config = join(folder.path, 'config.yaml')
    const flags = ecrFlags('http://127.0.0.1:9')
    const { stdout } = await rolesanywhere(['ecr', 'credential-provider-config', ...flags])
    await writeFile(config, stdout)
    const what = ['--source', dirname(PROGRAM), '--config', config, '--node', process.execPath]
    return run(...what, ...more)
  }
  const run = async (...args: readonly string[]): Promise<Finished> =>
    startCommand('sh', [INSTALLER, '--root', join(folder.path, 'node'), ...args]).finished()

  /** Everything below the folder, links and all. */
  const files = async (): Promise<string[]> =>
    (await readdir(join(folder.path, 'node'), { recursive: true }).catch(() => [])).sort()

  it('says what to add to the flags of the kubelet, and changes nothing the second time', async () => {
    const { status, stdout, stderr } = await install()
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
    expect(stdout).to.include(`--image-credential-provider-config=${CONFIG}\n`)
    expect(stdout).to.include(`--image-credential-provider-bin-dir=${BIN_DIR}\n`)
    const before = await files()
    expect((await install()).status).to.equal(0)
    expect(await files()).to.deep.equal(before)
  })

  it('leaves a program that runs without PATH and HOME', async () => {
    await install()
    // The link leads to where it will be on the node itself.
    const target = below(await readlink(below(`${BIN_DIR}/${NAME}`)))
    const running = startCommand(target, [], {}, { env: {}, stdio: ['pipe', 'pipe', 'pipe'] })
    running.process.stdin?.end(kubeletRequest({ image: 'docker.io/x' }))
    expect(await running.finished()).to.include({ status: 0, stderr: '' })
  })

  it('changes nothing in a dry run', async () => {
    const { status, stdout } = await install('--dry-run')
    expect(status).to.equal(0)
    expect(stdout).to.match(/^\+ mkdir/m)
    expect(await files()).to.deep.equal([])
  })

  it('takes everything away again', async () => {
    await install()
    expect((await run('--uninstall')).status).to.equal(0)
    const left = (await files()).filter((path) => /rolesanywhere|credential-provider/.test(path))
    expect(left).to.deep.equal([])
    expect((await run('--uninstall')).status).to.equal(0)
  })

  it("leaves somebody else's configuration alone", async () => {
    await mkdir(dirname(below(CONFIG)), { recursive: true })
    await writeFile(below(CONFIG), 'kind: CredentialProviderConfig\n')
    const { status, stderr } = await install()
    expect(status).to.equal(1)
    expect(stderr).to.include('not from here')
    await run('--uninstall')
    expect(await readFile(below(CONFIG), 'utf8')).to.equal('kind: CredentialProviderConfig\n')
  })

  it('refuses a Node that does not run the program', async () => {
    const { status, stderr } = await install('--node', '/bin/false')
    expect(status).to.equal(1)
    expect(stderr).to.include('does not run')
    expect(await files()).to.not.include('etc')
  })
})
