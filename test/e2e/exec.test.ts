import { readdir } from 'node:fs/promises'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { BUCKET_LISTER, endPrograms, PROGRAM, type Running, start } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const NODE = process.execPath

describe('rolesanywhere exec', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  const exec = (
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
  ): Running =>
    start(
      [PROGRAM, 'exec', ...IDENTITY_FLAGS, ...targetFlags(aws.url), ...flags, '--', ...command],
      { TMPDIR: folder.path, ...env },
    )
  const script = (source: string): string[] => [NODE, '-e', source]
  const expectNothingLeft = async (): Promise<void> => {
    expect(await readdir(folder.path)).to.deep.equal([])
  }

  it('gives a command that knows nothing of it credentials', async () => {
    const { status, stdout, stderr } = await exec([NODE, BUCKET_LISTER], {
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: aws.url,
      HTTP_PROXY: 'http://127.0.0.1:9',
    }).finished()
    expect(status, stderr).to.equal(0)
    expect(stdout).to.contain('invoices')
    await expectNothingLeft()
  })

  for (const { what, command, status } of [
    { what: 'the exit status', command: script('process.exit(7)'), status: 7 },
    { what: 'a signal', command: script('process.kill(process.pid, "SIGKILL")'), status: 137 },
    { what: 'that there is no such command', command: ['/nonexistent'], status: 127 },
  ]) {
    it(`passes on ${what}, and leaves nothing behind`, async () => {
      expect((await exec(command).finished()).status).to.equal(status)
      await expectNothingLeft()
    })
  }

  it('passes every SIGTERM on, and waits for what the command makes of it', async () => {
    const running = exec(
      script(`process.on('SIGTERM', () => { console.error('told'); setTimeout(() => process.exit(3), 100) })
        setInterval(() => {}, 1000)
        console.error('up')`),
    )
    await running.logged(/^up$/)
    running.process.kill('SIGTERM')
    await running.logged(/^told$/)
    running.process.kill('SIGTERM')
    expect((await running.finished()).status).to.equal(3)
    await expectNothingLeft()
  })

  it('does not start the command without a session, and says why', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'denied' }])
    const { status, stdout, stderr } = await exec(script('console.log("started")')).finished()
    expect(status).to.equal(5)
    expect(stdout).to.equal('')
    expect(stderr).to.match(/^error: .+ \(ERR_RA_\w+\)\nhint: .+\n$/)
    await expectNothingLeft()
  })

  it('ends at once when it is told to before there is a session', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang' }])
    const seen = aws.requests.length
    const running = exec(script('console.log("started")'))
    await eventually(() => (aws.requests.length > seen ? true : undefined))
    const { status, stdout } = await running.stop('SIGINT')
    expect(status).to.equal(130)
    expect(stdout).to.equal('')
    await expectNothingLeft()
  })

  it('warns of credentials that AWS SDKs would use instead', async () => {
    const { stderr } = await exec(script(''), { AWS_ACCESS_KEY_ID: 'canary' }).finished()
    expect(stderr).to.contain('AWS_ACCESS_KEY_ID').and.to.not.contain('canary')
  })
})
