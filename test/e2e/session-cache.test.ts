import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { killRounds } from '../kill/kill-rounds.js'
import { VICTIMS } from '../kill/victims.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { modulesLoadedBy } from '../support/loaded-modules.js'
import { endPrograms, type Finished, PROGRAM, type Running, start } from '../support/program.js'
import { startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** What loads them on a hit has gone wrong. */
const NOT_ON_A_HIT = [
  'crypto',
  'http',
  'https',
  'net',
  'tls',
  'tty',
  'stream',
  'dns',
  'worker_threads',
]

describe('the session cache', () => {
  const folder = temporaryFolder()
  let aws: Emulator

  beforeEach(async () => {
    aws = await startAws()
  })
  afterEach(async () => {
    await endPrograms()
    await aws.close()
  })

  const cache = (): string => join(folder.path, 'cache')
  const args = (...more: string[]): string[] => [
    'credential-process',
    ...IDENTITY_FLAGS,
    ...targetFlags(aws.url),
    ...more,
  ]
  const env = (): Record<string, string> => ({
    ROLESANYWHERE_CACHE_DIR: cache(),
    ROLESANYWHERE_NO_CACHE: '',
  })
  const process_ = (...more: string[]): Running => start([PROGRAM, ...args(...more)], env())
  const run = async (...more: string[]): Promise<Finished> => process_(...more).finished()
  const granted = (): number =>
    aws.requests.filter(
      ({ operation, outcome }) => operation === 'CreateSession' && outcome === 'granted',
    ).length

  function keyOf({ status, stdout, stderr }: Finished): string {
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    return (JSON.parse(stdout) as { AccessKeyId: string }).AccessKeyId
  }

  it('has fifty processes at the same time make one CreateSession', async function () {
    this.timeout(60_000)
    // Fifty at once keep the machine busy: an answer that is late must not be asked for again.
    const all = await Promise.all(Array.from({ length: 50 }, async () => run('--timeout', '60s')))
    expect(new Set(all.map(keyOf)).size).to.equal(1)
    expect(aws.requests).to.have.length(1)
    expect(readdirSync(join(cache(), 'sessions'))).to.have.length(1)
  })

  it('is for its owner alone', async () => {
    keyOf(await run())
    const sessions = join(cache(), 'sessions')
    expect(statSync(sessions).mode & 0o777).to.equal(0o700)
    for (const name of readdirSync(sessions)) {
      expect(statSync(join(sessions, name)).mode & 0o777).to.equal(0o600)
    }
  })

  it('is left alone with --no-cache', async () => {
    const keys = [keyOf(await run('--no-cache')), keyOf(await run('--no-cache'))]
    expect(new Set(keys).size).to.equal(2)
    expect(existsSync(join(cache(), 'sessions'))).to.equal(false)
  })

  it('loads nothing but the program itself when it has a session', async () => {
    keyOf(await run())
    const config = join(folder.path, 'config')
    await writeFile(config, '[default]\nregion = eu-central-1\ncredential_process = this\n')
    const { files, builtins } = await modulesLoadedBy(folder.path, args(), {
      ...env(),
      AWS_CONFIG_FILE: config,
    })
    expect(files).to.deep.equal(['witness.cjs', 'rolesanywhere.cjs', 'credential-process.cjs'])
    for (const name of NOT_ON_A_HIT) expect(builtins).to.not.include(name)
    expect(aws.requests).to.have.length(1)
  })

  it('lets the next process ask when the one that asks is killed', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang', count: 1 }])
    const first = process_()
    await eventually(() => aws.requests.length === 1 || undefined)
    const second = process_()
    const third = process_()
    await first.stop('SIGKILL')
    expect(keyOf(await second.finished())).to.equal(keyOf(await third.finished()))
    expect(granted()).to.equal(1)
  })

  it('lets the next process ask when the one that asks is told to end', async () => {
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang', count: 1 }])
    const first = process_()
    await eventually(() => aws.requests.length === 1 || undefined)
    const second = process_()
    expect((await first.stop('SIGTERM')).status).to.equal(143)
    keyOf(await second.finished())
  })

  it('does not have a process wait for one that was stopped', async function () {
    if (process.platform === 'win32') this.skip()
    aws.setFaults([{ operation: 'CreateSession', kind: 'hang', count: 1 }])
    const first = process_()
    await eventually(() => aws.requests.length === 1 || undefined)
    first.process.kill('SIGSTOP')
    keyOf(await run('--timeout', '1s'))
    expect(granted()).to.equal(1)
  })

  it('is used with a certificate in another format, too', async () => {
    const pkcs12 = ['--certificate', IDENTITY_FLAGS[1]!.replace('.pem', '.der')]
    const keys = [keyOf(await run(...pkcs12)), keyOf(await run(...pkcs12))]
    expect(new Set(keys).size).to.equal(1)
  })

  describe('cannot be used', () => {
    const expectOneWarning = async (more: Readonly<Record<string, string>>): Promise<void> => {
      const { status, stdout, stderr } = await start([PROGRAM, ...args()], {
        ...env(),
        ...more,
      }).finished()
      expect(status, stderr).to.equal(0)
      expect(JSON.parse(stdout)).to.have.property('Version', 1)
      expect(JSON.parse(stderr)).to.include({ level: 'warn', component: 'credential-process' })
      expect(stderr).to.include('--no-cache')
    }

    it('without a home, which costs one line', async () => {
      await expectOneWarning({ ROLESANYWHERE_CACHE_DIR: '', HOME: '/nonexistent' })
    })

    it('on a disk that is not for writing, which costs one line', async function () {
      if (process.platform !== 'linux') this.skip()
      await expectOneWarning({ ROLESANYWHERE_CACHE_DIR: '/proc/self/cache' })
    })

    it('in a folder that is open to others, which costs one line', async () => {
      mkdirSync(cache())
      chmodSync(cache(), 0o777)
      await expectOneWarning({})
      expect(readdirSync(cache())).to.deep.equal([])
    })

    it('in a folder that is a link, which costs one line', async () => {
      mkdirSync(`${cache()}.elsewhere`)
      symlinkSync(`${cache()}.elsewhere`, cache())
      await expectOneWarning({})
    })
  })

  describe('next to a running serve', () => {
    it('is not needed: the session of the server is used', async () => {
      const tokenFile = join(folder.path, 'token')
      const server = await startServe(tokenFile, [...IDENTITY_FLAGS, ...targetFlags(aws.url)])
      await eventually(async () => ((await server.credentials()).status === 200 ? true : undefined))
      const held = JSON.parse((await server.credentials()).body) as Record<string, string>
      expect(held['RoleArn']).to.equal(ARNS.role)
      const sidecar = ['--sidecar', server.uri, '--sidecar-token-file', tokenFile]
      expect(keyOf(await run(...sidecar))).to.equal(held['AccessKeyId'])
      expect(aws.requests).to.have.length(1)

      const other = await run(...sidecar, '--role-arn', ARNS.reports)
      expect(other.stderr).to.include('another role')
      expect(aws.requests).to.have.length(2)

      await server.stop()
      expect(keyOf(await run(...sidecar))).to.not.equal(held['AccessKeyId'])
      expect(aws.requests).to.have.length(3)
    })

    it('refuses a server that is not on this machine', async () => {
      for (const url of ['http://10.0.0.1:9911', 'https://127.0.0.1:9911', 'http://u:p@[::1]:1']) {
        const { status, stderr } = await run('--sidecar', url)
        expect(status).to.equal(3)
        expect(stderr).to.include('ERR_RA_SETTING_INVALID')
      }
      expect(aws.requests).to.deep.equal([])
    })
  })

  describe('when processes are killed at random moments', () => {
    for (const victim of VICTIMS) {
      it(`${victim.name}: no reader sees half a file, and no lock stays`, async function () {
        this.timeout(60_000)
        const own = await mkdtemp(join(tmpdir(), 'rolesanywhere-test-'))
        try {
          const report = await killRounds(victim, { folder: own, aws, program: PROGRAM }, 16)
          expect(report.faults).to.deep.equal([])
          expect(report.killed).to.be.greaterThan(0)
          expect(report.reads).to.be.greaterThan(0)
        } finally {
          await rm(own, { recursive: true, force: true })
        }
      })
    }
  })
})
