import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { endPrograms } from '../support/program.js'
import { type Serving, startServe } from '../support/serve.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const MINUTE_MS = 60_000

describe('rolesanywhere serve on SIGHUP', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  let server: Serving

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())

  const configure = async (roleArn: string, duration: string): Promise<void> =>
    writeFile(
      join(folder.path, 'config'),
      `[profile app]
rolesanywhere_trust_anchor_arn = ${ARNS.trustAnchor}
rolesanywhere_profile_arn = ${ARNS.profile}
rolesanywhere_role_arn = ${roleArn}
rolesanywhere_session_duration = ${duration}
rolesanywhere_endpoint = ${aws.url}
`,
    )

  beforeEach(async () => {
    await configure(ARNS.role, '1h')
    const args = [...IDENTITY_FLAGS, '--config-profile', 'app']
    const env = { AWS_CONFIG_FILE: join(folder.path, 'config') }
    server = await startServe(join(folder.path, 'token'), args, env)
    await server.logged(/session refreshed/)
  })
  afterEach(async () => {
    aws.setFaults([])
    await endPrograms()
  })

  async function held(): Promise<{ RoleArn: string; Expiration: string }> {
    const { status, body } = await server.credentials()
    expect(status).to.equal(200)
    return JSON.parse(body) as { RoleArn: string; Expiration: string }
  }
  const linesOf = (msg: string): number => server.lines().filter((line) => line.msg === msg).length
  const logged = async (msg: string, count: number): Promise<true> =>
    eventually(() => (linesOf(msg) === count ? true : undefined))

  it('takes another role and duration into use, and serves the old session meanwhile', async () => {
    const before = await held()
    expect(before.RoleArn).to.equal(ARNS.role)
    aws.setFaults([{ operation: 'CreateSession', kind: 'slow', delayMs: 500, count: 1 }])
    const seen = aws.requests.length
    await configure(ARNS.reports, '30m')
    server.process.kill('SIGHUP')
    await eventually(() => (aws.requests.length > seen ? true : undefined))
    expect(await held()).to.deep.equal(before)

    await logged('session refreshed', 2)
    const after = await held()
    expect(after.RoleArn).to.equal(ARNS.reports)
    const lifeMs = Date.parse(after.Expiration) - Date.now()
    expect(lifeMs).to.be.within(28 * MINUTE_MS, 30 * MINUTE_MS)
    expect((await server.stop()).status).to.equal(0)
  })

  it('keeps the settings in use when the new ones are bad, and says so once', async () => {
    const before = await held()
    const seen = aws.requests.length
    await configure(ARNS.profile, '30m')
    server.process.kill('SIGHUP')
    await logged('settings are not usable, keeping the ones in use', 1)
    expect(await held()).to.deep.equal(before)
    const [line] = server.lines().filter(({ level }) => level === 'error')
    expect(line).to.include({ errorCode: 'ERR_RA_ARN_INVALID' })

    await configure(ARNS.role, '45m')
    server.process.kill('SIGHUP')
    await logged('session refreshed', 2)
    expect((await held()).RoleArn).to.equal(ARNS.role)
    expect(aws.requests.length - seen, 'calls of CreateSession').to.equal(1)
    expect(linesOf('settings are not usable, keeping the ones in use')).to.equal(1)
    expect(linesOf('reloading')).to.equal(2)
  })
})
