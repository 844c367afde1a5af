import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { sessionFolder } from '../../../src/cache/cache-folder.js'
import { sessionPath, writeSession } from '../../../src/cache/session-files.js'
import { identityName } from '../../../src/cache/session-identity.js'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import { tokenEntryText } from '../../../src/ecr/token-entry.js'
import { openTokenStore } from '../../../src/ecr/token-store.js'
import { silentLogger } from '../../../src/log.js'
import { Secret } from '../../../src/secret.js'
import { ARNS } from '../../support/aws.js'
import { recordedIo } from '../../support/io.js'
import { ManualClock } from '../../support/manual-clock.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { entry, IDENTITY, ISSUED, minutesLater } from '../cache/entries.js'

describe('cache', () => {
  const folder = temporaryFolder()
  let clock: ManualClock

  const base = (): { path: string } => ({ path: join(folder.path, 'cache') })

  async function run(...args: string[]) {
    const io = recordedIo({ clock, env: { ROLESANYWHERE_CACHE_DIR: base().path } })
    const status = await main(COMMANDS, ['cache', ...args], io)
    return { status, ...io.written }
  }

  function fill(): string {
    const found = sessionFolder(base())
    if ('problem' in found) throw new Error(found.problem)
    const reports = { ...IDENTITY, roleArn: ARNS.reports }
    const later = { ...entry().credentials, expiration: minutesLater(90) }
    for (const one of [
      entry({ identity: reports, credentials: later, refreshAt: minutesLater(60) }),
      entry({ issuer: 'CN=Root\u001b[31m, O=X' }),
    ]) {
      writeSession(sessionPath(found.path, identityName(one.identity)), one, () => 0)
    }
    return found.path
  }

  beforeEach(() => {
    clock = new ManualClock(ISSUED.toISOString())
  })

  it('list: role, region, expiry and certificate, the first to end first', async () => {
    fill()
    clock.jump(41 * 60_000)
    expect(await run('list')).to.deep.equal({
      status: 0,
      stderr: '',
      stdout: `ROLE                                    REGION        EXPIRES               STATE            CERTIFICATE
arn:aws:iam::123456789012:role/app      eu-central-1  2026-01-01T01:00:00Z  due for renewal  1003 of CN=Root?[31m, O=X
arn:aws:iam::123456789012:role/reports  eu-central-1  2026-01-01T01:30:00Z  fresh            1003 of CN=Test Root
`,
    })
  })

  it('list --json: the same for programs, and never a secret', async () => {
    fill()
    const { status, stdout } = await run('list', '--json')
    expect(status).to.equal(0)
    expect(stdout).to.not.include('canary')
    const [first] = JSON.parse(stdout) as Record<string, unknown>[]
    expect(first).to.deep.include({
      roleArn: ARNS.role,
      trustAnchorArn: ARNS.trustAnchor,
      expiration: '2026-01-01T01:00:00.000Z',
      accessKeyId: 'ASIAEXAMPLE',
      certificateSerial: '1003',
    })
    expect(first).to.not.have.any.keys('credentials', 'certificates', 'privateKey')
  })

  it('clear: removes the sessions', async () => {
    const path = fill()
    expect((await run('clear')).stdout).to.equal('removed 2 sessions\n')
    expect(readdirSync(path)).to.deep.equal([])
    expect((await run('list')).stdout).to.equal('no sessions\n')
    expect((await run('list', '--json')).stdout).to.equal('[]\n')
  })

  describe('with registry passwords', () => {
    const owner = { roleArn: ARNS.role, registries: 'private', region: 'us-west-2' } as const
    const token = {
      username: 'AWS',
      password: new Secret('canary-password'),
      expiresAt: minutesLater(720),
      obtainedAt: ISSUED,
      lifeMs: 720 * 60_000,
    } as const

    beforeEach(() => {
      const store = openTokenStore({
        env: { ROLESANYWHERE_CACHE_DIR: base().path },
        log: silentLogger,
        clock,
        random: () => 0,
        signal: new AbortController().signal,
      })
      store.write('a'.repeat(32), tokenEntryText({ token, owner }))
      const later = { ...token, expiresAt: minutesLater(721) }
      store.write('b'.repeat(32), tokenEntryText({ token: later, owner: undefined }))
    })

    it('list: where they are good and until when', async () => {
      clock.jump(361 * 60_000)
      expect((await run('list')).stdout).to.equal(`no sessions

REGISTRY PASSWORD OF                REGION     EXPIRES               STATE
arn:aws:iam::123456789012:role/app  us-west-2  2026-01-01T12:00:00Z  due for renewal
unknown                             unknown    2026-01-01T12:01:00Z  due for renewal
`)
    })

    it('list --json: after the sessions, and never a secret', async () => {
      fill()
      const { stdout } = await run('list', '--json')
      expect(stdout).to.not.include('canary')
      const rows = JSON.parse(stdout) as Record<string, unknown>[]
      expect(rows.map(({ kind }) => kind)).to.deep.equal([
        ...['session', 'session', 'registry-password', 'registry-password'],
      ])
      expect(rows[2]).to.deep.equal({
        kind: 'registry-password',
        ...owner,
        issuedAt: ISSUED.toISOString(),
        expiration: '2026-01-01T12:00:00.000Z',
        state: 'fresh',
      })
    })

    it('clear: removes them, too', async () => {
      fill()
      expect((await run('clear')).stdout).to.equal('removed 2 sessions and 2 registry passwords\n')
      expect(readdirSync(join(base().path, 'registry-tokens'))).to.deep.equal([])
      expect((await run('clear')).stdout).to.equal('removed 0 sessions\n')
    })
  })

  it('makes nothing where there is no cache', async () => {
    expect((await run('list')).stdout).to.equal('no sessions\n')
    expect((await run('clear')).stdout).to.equal('removed 0 sessions\n')
    expect(readdirSync(folder.path)).to.deep.equal([])
  })

  it('does not touch a folder that is open to others', async () => {
    chmodSync(fill(), 0o755)
    for (const what of ['list', 'clear']) {
      const { status, stderr } = await run(what)
      expect(status).to.equal(3)
      expect(stderr).to.include('ERR_RA_FILE_UNREADABLE')
    }
  })
})
