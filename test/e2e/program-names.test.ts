import { cp, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { kubeletRequest } from '../support/ecr-clients.js'
import { endPrograms, PROGRAM, startCommand } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const fileOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

describe('the names of the program', () => {
  const folder = temporaryFolder()
  let names: readonly (readonly [name: string, file: string])[]

  before(async () => {
    const { bin } = JSON.parse(await readFile(fileOf('package.json'), 'utf8')) as {
      bin: Record<string, string>
    }
    names = Object.entries(bin)
  })
  afterEach(endPrograms)

  /** What each of them says when it is called as docker, the kubelet or a person would. */
  async function answers(command: readonly string[], name: string): Promise<string> {
    const args = name === 'rolesanywhere' ? ['--version'] : []
    if (name.startsWith('docker-')) args.push('version')
    const image = 'registry.example/app'
    const [program = '', ...first] = command
    const running = startCommand(program, [...first, ...args], {}, { stdio: 'pipe' })
    running.process.stdin?.on('error', () => {})
    running.process.stdin?.end(kubeletRequest({ image }))
    const { status, stdout } = await running.finished()
    expect(status, name).to.equal(0)
    return stdout
  }

  const EXPECTED: Readonly<Record<string, RegExp>> = {
    rolesanywhere: /^\d+\.\d+\.\d+/,
    'docker-credential-rolesanywhere': /^docker-credential-rolesanywhere \(/,
    'rolesanywhere-ecr-credential-provider': /^\{"kind":"CredentialProviderResponse"/,
  }

  it('are programs of the package that run by themselves', async () => {
    expect(names.map(([name]) => name)).to.have.members(Object.keys(EXPECTED))
    for (const [name, file] of names) {
      expect(await answers([fileOf(file)], name)).to.match(EXPECTED[name] ?? /^$/)
    }
  })

  it('are links in the image, which run with and without a shell to find node', async () => {
    const dockerfile = await readFile(fileOf('Dockerfile'), 'utf8')
    const [, command = ''] = /^RUN (cd dist\/bin && .*)$/m.exec(dockerfile) ?? []
    const bin = join(folder.path, 'dist', 'bin')
    await cp(dirname(PROGRAM), bin, { recursive: true })
    const options = { cwd: folder.path }
    expect((await startCommand('sh', ['-c', command], {}, options).finished()).status).to.equal(0)
    for (const [name] of names) {
      const path = join(bin, name)
      expect(await answers([path], name)).to.match(EXPECTED[name] ?? /^$/)
      expect(await answers([process.execPath, path], name)).to.match(EXPECTED[name] ?? /^$/)
    }
  })
})
