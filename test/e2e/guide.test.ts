import { mkdir, readFile, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { endPrograms, PROGRAM, startCommand } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

/** The commands of the guide that it says need no AWS account, in order. */
async function guideScript(ports: Readonly<Record<string, number>>): Promise<string> {
  const guide = await readFile(join(REPOSITORY, 'docs/guide.md'), 'utf8')
  const blocks = [...guide.matchAll(/^<!-- run -->\n```sh\n([\s\S]*?)^```$/gm)]
  // `set -m` gives jobs their numbers, as in a terminal.
  const tidy = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
  const script = ['set -euo pipefail', 'set -m', tidy, ...blocks.map(([, code = '']) => code)].join(
    '\n',
  )
  return script.replace(/127\.0\.0\.1:(\d+)/g, (address, port: string) =>
    ports[port] === undefined ? address : `127.0.0.1:${ports[port]}`,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

describe('docs/guide.md', () => {
  const folder = temporaryFolder()
  afterEach(endPrograms)

  it('works on one machine as it is written', async () => {
    const bin = join(folder.path, 'bin')
    await mkdir(bin)
    await symlink(PROGRAM, join(bin, 'rolesanywhere'))
    const ports = { 9443: await freePort(), 9911: await freePort() }
    // The server's own listener for health, which the guide leaves at its default.
    const script = `serve_health=${await freePort()}\n${await guideScript(ports)}`.replace(
      'rolesanywhere serve',
      'rolesanywhere serve --health-listen 127.0.0.1:$serve_health',
    )
    const cwd = join(folder.path, 'guide')
    await mkdir(cwd)
    const { status, stdout, stderr } = await startCommand(
      'bash',
      ['-c', script],
      {
        PATH: `${bin}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        REPOSITORY: REPOSITORY.replace(/\/$/, ''),
      },
      { cwd },
    ).finished()
    expect(status, stdout + stderr).to.equal(0)
    expect(stderr).to.contain('ERR_RA_SESSION_DENIED')
    expect(stdout).to.contain('refused, status 5')
    expect(stdout.match(/^buckets: 1\n {2}example-reports/gm)).to.have.length(2)
  })
})
