import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { BUCKET_LISTER, endPrograms, PROGRAM, type Running, start } from '../support/program.js'
import { logLines } from '../support/serve.js'
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

  it('waits for AWS to be there, and says so', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable', count: 1 }])
    const { status, stdout, stderr } = await exec(script('console.log("started")'), {
      AWS_MAX_ATTEMPTS: '1',
    }).finished()
    expect(status, stderr).to.equal(0)
    expect(stdout).to.equal('started\n')
    const [line, ...others] = logLines(stderr)
    expect(line).to.include({
      level: 'warn',
      msg: 'no session yet, trying again',
      errorCode: 'ERR_RA_SERVICE_FAILED',
    })
    expect(others).to.deep.equal([])
  })

  it('makes one attempt with --start-timeout 0', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable', count: 1 }])
    const { status, stderr } = await exec(script(''), { AWS_MAX_ATTEMPTS: '1' }, [
      '--start-timeout',
      '0',
    ]).finished()
    expect(status).to.equal(6)
    expect(stderr).to.match(/^error: .+ \(ERR_RA_SERVICE_FAILED\)\nhint: .+\n$/)
  })

  it('rides out being throttled within its one attempt: it has no other', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'throttle', count: 1 }])
    const options = ['--start-timeout', '0']
    const { status, stderr } = await exec(script(''), {}, options).finished()
    expect(status, stderr).to.equal(0)
  })

  it('serves further roles beside the default one', async () => {
    const ask = `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = process.env
      const headers = { authorization: require('fs').readFileSync(file, 'utf8') }
      const key = async (path) => (await (await fetch(uri + path, { headers })).json()).AccessKeyId
      Promise.all([key(''), key('/reports')]).then((keys) => console.log(JSON.stringify(keys)))`
    const { stdout } = await exec(script(ask), {}, ['--role', `reports=${ARNS.reports}`]).finished()
    const keys = JSON.parse(stdout) as string[]
    expect(new Set(keys.filter(Boolean)).size).to.equal(2)
  })

  it('takes away what it could not when it was killed', async () => {
    const running = exec(script('console.error(process.pid); setInterval(() => {}, 1000)'))
    const command = Number(await running.logged(/^\d+$/))
    running.process.kill('SIGKILL')
    process.kill(command, 'SIGKILL')
    await running.finished()
    const [left = ''] = await readdir(folder.path)
    expect(left).to.match(/^rolesanywhere-/)
    const long = new Date(Date.now() - 3_600_000)
    await utimes(join(folder.path, left), long, long)
    expect((await exec(script('')).finished()).status).to.equal(0)
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
