import { copyFile, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { keepProfile } from '../../../src/credentials-file/keep-profile.js'
import type { Emulator } from '../../../src/emulator/index.js'
import { loadWorkload } from '../../../src/config/workload.js'
import { createLogger } from '../../../src/log.js'
import { ARNS, startAws } from '../../support/aws.js'
import { certPath } from '../../support/certs.js'
import { eventually } from '../../support/eventually.js'
import { ManualClock } from '../../support/manual-clock.js'
import { logLines } from '../../support/serve.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const MINUTE = 60_000

/** So small that no request times out on the way. */
const STEP = 5_000

describe('keepProfile', () => {
  const folder = temporaryFolder()
  let clock: ManualClock
  let aws: Emulator
  let log: string
  let keeper: { stop(): Promise<void> } | undefined

  beforeEach(async () => {
    clock = new ManualClock()
    aws = await startAws({ clock })
    log = ''
    await copyFile(certPath('ec-p256.pem'), join(folder.path, 'tls.crt'))
    await copyFile(certPath('ec-p256.key.pem'), join(folder.path, 'tls.key'))
  })
  afterEach(async () => {
    await keeper?.stop()
    keeper = undefined
    await aws.close()
  })

  const file = (): string => join(folder.path, 'aws', 'credentials')
  const content = async (): Promise<string> => readFile(file(), 'utf8').catch(() => '')
  const holds = async (id: string | undefined): Promise<boolean> =>
    id !== undefined && (await content()).includes(id)
  const lastId = (): string | undefined => aws.sessions.at(-1)?.accessKeyId
  const messages = (): readonly string[] => logLines(log).map(({ msg }) => msg)

  async function start(): Promise<void> {
    const flags = new Map([
      ['certificate', join(folder.path, 'tls.crt')],
      ['private-key', join(folder.path, 'tls.key')],
      ['trust-anchor-arn', ARNS.trustAnchor],
      ['profile-arn', ARNS.profile],
      ['role-arn', ARNS.role],
      ['endpoint', aws.url],
      // Time passes faster here than requests do.
      ['timeout', '300'],
    ])
    const env = { HOME: folder.path, AWS_MAX_ATTEMPTS: '1' }
    const workload = await loadWorkload({
      flags: { has: (name) => flags.has(name), get: (name) => flags.get(name) },
      env,
    })
    const write = (line: string): void => void (log += line)
    const logger = createLogger({
      ...{ component: 'update', level: 'info', format: 'json', now: () => clock.now() },
      write,
    })
    const deps = { env, clock, random: () => 0.5, log: logger }
    keeper = keepProfile(workload, { path: file(), profile: 'default' }, deps)
  }

  /** Lets time pass until something is so. */
  const soon = async (probe: () => boolean | Promise<boolean>, stepMs = 20): Promise<void> => {
    await eventually(async () => {
      if (await probe()) return true
      await clock.advance(stepMs)
      return undefined
    })
  }

  it('writes a session, and the next one long before its end, with a line for each', async () => {
    await start()
    await soon(async () => aws.sessions.length === 1 && holds(lastId()))
    await soon(() => messages().includes('session refreshed'))
    await clock.advance(29 * MINUTE)
    expect(aws.sessions.length).to.equal(1)
    await soon(async () => aws.sessions.length === 2 && holds(lastId()), STEP)
    await soon(() => messages().length === 3)
    expect(messages()).to.deep.equal([
      'certificate loaded',
      'session refreshed',
      'session refreshed',
    ])
    expect(logLines(log)[1]).to.include({ file: file(), profile: 'default' })
    expect(logLines(log)[1]).to.include.all.keys('expiration', 'nextRefreshAt', 'accessKeyId')
    expect(await readdir(join(folder.path, 'aws'))).to.deep.equal(['credentials'])
  })

  it('leaves the file as it is while AWS is away, for as long as that is', async () => {
    await mkdir(join(folder.path, 'aws'))
    await writeFile(file(), '[default]\naws_access_key_id = OLD\n')
    aws.setFaults([{ operation: 'CreateSession', kind: 'unavailable' }])
    await start()
    const failures = (): number => messages().filter((msg) => msg === 'no session').length
    await soon(() => failures() > 10, STEP)
    expect(await content()).to.equal('[default]\naws_access_key_id = OLD\n')
    aws.setFaults([])
    await soon(async () => holds(lastId()), STEP)
  })

  it('asks for a new session when there is a new certificate', async () => {
    await start()
    await soon(() => messages().includes('session refreshed'))
    await copyFile(certPath('ec-p256.renewed.pem'), join(folder.path, 'tls.crt'))
    await soon(() => messages().filter((msg) => msg === 'certificate loaded').length === 2, 1_000)
    await soon(async () => aws.sessions.length === 2 && holds(lastId()))
    expect(clock.monotonicMs()).to.be.lessThan(MINUTE)
  })

  it('does not wait for its turn when the certificate that was refused is replaced', async () => {
    await copyFile(certPath('expired.pem'), join(folder.path, 'tls.crt'))
    await start()
    await soon(() => messages().includes('no session'))
    await copyFile(certPath('ec-p256.pem'), join(folder.path, 'tls.crt'))
    await soon(() => messages().includes('certificate loaded'), 1_000)
    await soon(async () => aws.sessions.length === 1 && holds(lastId()))
    expect(clock.monotonicMs()).to.be.lessThan(MINUTE)
    expect(aws.sessions.length).to.equal(1)
  })

  it('does not ask again for a session that it could not write', async () => {
    await mkdir(file(), { recursive: true })
    await start()
    const failures = (): number => messages().filter((msg) => msg === 'no session').length
    await soon(() => failures() > 0)
    await soon(() => failures() > 2, STEP)
    expect(logLines(log).at(-1)).to.include({ errorCode: 'ERR_RA_FILE_UNREADABLE' })
    await rmdir(file())
    await soon(async () => holds(lastId()), STEP)
    expect(aws.sessions.length).to.equal(1)
  })

  it('ends while it waits, and leaves nothing but the file', async () => {
    await start()
    await soon(() => messages().includes('session refreshed'))
    await keeper?.stop()
    expect(await readdir(join(folder.path, 'aws'))).to.deep.equal(['credentials'])
  })
})
