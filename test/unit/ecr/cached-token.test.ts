import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { AuthorizationToken } from '../../../src/ecr/authorization-token.js'
import { cachedToken } from '../../../src/ecr/cached-token.js'
import { openTokenStore, type TokenStore } from '../../../src/ecr/token-store.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/log.js'
import { Secret } from '../../../src/secret.js'
import { systemClock } from '../../../src/system-clock.js'
import { ManualClock } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const HOUR = 3_600_000
const NAME = 'f'.repeat(32)
const down = new RolesAnywhereError('ERR_RA_SERVICE_FAILED', 'down')

describe('cachedToken', () => {
  const folder = temporaryFolder()
  let clock: ManualClock
  let calls: number
  let failure: Error | undefined

  beforeEach(() => {
    clock = new ManualClock()
    calls = 0
    failure = undefined
  })

  const open = (cacheFolder = folder.path): TokenStore =>
    openTokenStore({
      env: { ROLESANYWHERE_CACHE_DIR: cacheFolder },
      // Locks are sockets, which live in real time.
      clock: systemClock,
      log: silentLogger,
      random: Math.random,
      signal: new AbortController().signal,
    })
  const fetch = async (): Promise<AuthorizationToken> => {
    calls++
    await Promise.resolve()
    if (failure) throw failure
    const obtainedAt = clock.now()
    const expiresAt = new Date(obtainedAt.getTime() + 12 * HOUR)
    const password = new Secret(`password ${calls}`)
    return { username: 'AWS', password, expiresAt, obtainedAt, lifeMs: 12 * HOUR }
  }
  const ask = async (refused?: AuthorizationToken, store = open()): Promise<AuthorizationToken> =>
    cachedToken({ name: NAME, fetch, refused }, { store, clock, log: silentLogger })
  const path = (): string => join(folder.path, 'registry-tokens', `${NAME}.json`)

  it('takes the password of the process before', async () => {
    const first = await ask()
    expect((await ask()).password.reveal()).to.equal(first.password.reveal())
    expect(calls).to.equal(1)
  })

  it('makes one call for many who come at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, async () => ask()))
    expect(new Set(all.map(({ password }) => password.reveal())).size).to.equal(1)
    expect(calls).to.equal(1)
  })

  it('writes files that only their owner may read', async () => {
    await ask()
    expect((await stat(path())).mode & 0o777).to.equal(0o600)
    expect((await stat(join(folder.path, 'registry-tokens'))).mode & 0o777).to.equal(0o700)
    const files = await readdir(join(folder.path, 'registry-tokens'))
    expect(files.filter((file) => !file.endsWith('.lock'))).to.deep.equal([`${NAME}.json`])
  })

  it('renews at half of the life', async () => {
    await ask()
    clock.jump(6 * HOUR - 1)
    await ask()
    expect(calls).to.equal(1)
    clock.jump(1)
    await ask()
    expect(calls).to.equal(2)
  })

  it('goes on with the old one when renewing fails, until a minute before its end', async () => {
    const first = await ask()
    failure = down
    clock.jump(12 * HOUR - 61_000)
    expect((await ask()).password.reveal()).to.equal(first.password.reveal())
    clock.jump(2_000)
    await rejectsWithCode(ask(), 'ERR_RA_SERVICE_FAILED')
  })

  it('trusts nothing that seems to come from the future', async () => {
    await ask()
    clock.jump(-24 * HOUR)
    failure = down
    await rejectsWithCode(ask(), 'ERR_RA_SERVICE_FAILED')
  })

  it('gets another one for a password that was refused', async () => {
    const first = await ask()
    const second = await ask(first)
    expect(second.password.reveal()).to.not.equal(first.password.reveal())
    expect((await ask()).password.reveal()).to.equal(second.password.reveal())
  })

  it('does not give the refused one back when there is no other', async () => {
    const first = await ask()
    failure = down
    await rejectsWithCode(ask(first), 'ERR_RA_SERVICE_FAILED')
  })

  for (const [what, text] of [
    ['an empty file', ''],
    ['half a document', '{"version":1,"password":"x'],
    ['another version', '{"version":2}'],
    ['null', 'null'],
    ['odd instants', '{"version":1,"password":"x","expiresAt":"soon","obtainedAt":"","lifeMs":1}'],
  ] as const) {
    it(`replaces ${what}`, async () => {
      await ask()
      await writeFile(path(), text)
      await ask()
      expect(calls).to.equal(2)
      expect(await readFile(path(), 'utf8')).to.include('password 2')
    })
  }

  it('takes nothing that others can read, nor through a link', async () => {
    await ask()
    await chmod(path(), 0o644)
    await ask()
    expect(calls).to.equal(2)
    const elsewhere = join(folder.path, 'elsewhere')
    await writeFile(elsewhere, await readFile(path()), { mode: 0o600 })
    const link = join(folder.path, 'registry-tokens', `${'e'.repeat(32)}.json`)
    await symlink(elsewhere, link)
    expect(open().read('e'.repeat(32))).to.equal(undefined)
  })

  it('works without a folder', async () => {
    const store = open(join(import.meta.dirname, 'cached-token.test.ts', 'x'))
    await ask(undefined, store)
    await ask(undefined, store)
    expect(calls).to.equal(2)
  })
})
