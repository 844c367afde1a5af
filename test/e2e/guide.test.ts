import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { isAsShown, outputsOf, scriptOf, type Step, stepsOf } from '../support/document-script.js'
import { DOCKER_HELPER, KUBELET_PLUGIN } from '../support/ecr.js'
import { endPrograms, PROGRAM, startCommand } from '../support/program.js'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')

/** How to find out whether a program is there and works for this user. */
const PROBES: Readonly<Record<string, readonly string[]>> = {
  skopeo: ['--version'],
  // Without root it wants more of the machine than a test can know.
  podman: process.getuid?.() === 0 ? ['--version'] : ['needs-root'],
  docker: ['info'],
}

const works = (program: string): boolean =>
  spawnSync(program, PROBES[program] ?? ['--version'], { stdio: 'ignore' }).status === 0

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** The ports of the document by those that are free now; the server's own for health is the last. */
async function freePorts(): Promise<Readonly<Record<string, number>>> {
  return { 9443: await freePort(), 9911: await freePort(), 9912: await freePort() }
}

const withPorts = (text: string, ports: Readonly<Record<string, number>>): string =>
  text
    .replace(/127\.0\.0\.1:(\d+)/g, (all, port: string) => all.replace(port, `${ports[port]}`))
    .replace('rolesanywhere serve', `$& --health-listen 127.0.0.1:${ports['9912']}`)

describe('docs/guide.md', () => {
  let folder: string
  let steps: readonly Step[]
  let ran: readonly Step[]
  let outputs: ReturnType<typeof outputsOf>

  before(async function () {
    this.timeout(120_000)
    folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-guide-'))
    const ports = await freePorts()
    steps = stepsOf(await readFile(join(REPOSITORY, 'docs/guide.md'), 'utf8')).map((step) => ({
      ...step,
      text: withPorts(step.text, ports),
      output: step.output === undefined ? undefined : withPorts(step.output, ports),
    }))
    ran = steps.filter(({ needs }) => needs === undefined || works(needs))
    const cwd = join(folder, 'guide')
    await mkdir(cwd)
    const env = await machine(folder)
    const { stdout, stderr } = await startCommand('bash', ['-c', scriptOf(ran)], env, {
      cwd,
    }).finished()
    // Jobs that have ended are announced there.
    expect(stderr.replace(/^\[\d+\].*\n/gm, '')).to.equal('')
    outputs = outputsOf(stdout)
  })
  after(async () => {
    await endPrograms()
    await rm(folder, { recursive: true, force: true })
  })

  it('has the steps that the headings promise', () => {
    const sections = new Set(steps.map(({ section }) => section.replace(/\..*/, '')))
    expect([...sections].slice(1).join('')).to.equal('1234567')
    expect(steps.filter(({ output }) => output !== undefined)).to.have.length.above(8)
  })

  for (const needs of [undefined, 'skopeo', 'podman', 'docker']) {
    it(`works as it is written ${needs === undefined ? 'on one machine' : `with ${needs}`}`, function () {
      if (needs !== undefined && !ran.some((step) => step.needs === needs)) return this.skip()
      for (const [index, step] of ran.entries()) {
        if (step.needs !== needs) continue
        const { text, whole } = outputs[index] ?? { text: 'it never came so far', whole: false }
        const where = `docs/guide.md:${step.line} printed\n${text}`
        expect(whole, where).to.equal(true)
        const { output } = step
        if (output !== undefined) expect(isAsShown(text, output), where).to.equal(true)
      }
    })
  }
})

/** What a reader has: programs in the PATH, a home, and variables that must not count. */
async function machine(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  await symlink(PROGRAM, join(bin, 'rolesanywhere'))
  await symlink(DOCKER_HELPER, join(bin, 'docker-credential-rolesanywhere'))
  await symlink(KUBELET_PLUGIN, join(bin, 'rolesanywhere-ecr-credential-provider'))
  // A storage of its own, which needs nothing of the kernel.
  const storage = join(folder, 'storage.conf')
  const roots = `graphroot = "${join(folder, 'images')}"\nrunroot = "${join(folder, 'run')}"\n`
  await writeFile(storage, `[storage]\ndriver = "vfs"\n${roots}`)
  const policy = join(folder, '.config', 'containers')
  await mkdir(policy, { recursive: true })
  const accept = { default: [{ type: 'insecureAcceptAnything' }] }
  await writeFile(join(policy, 'policy.json'), JSON.stringify(accept))
  return {
    PATH: `${bin}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    CONTAINERS_STORAGE_CONF: storage,
    REPOSITORY,
    AWS_PROFILE: 'absent',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    ROLESANYWHERE_CERTIFICATE: '/nowhere.pem',
  }
}
