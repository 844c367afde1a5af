import { readdirSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import {
  cachedSession,
  type CachedSessionDeps,
  type IdentifiedSession,
} from '../../../src/cache/cached-session.js'
import { freshSession } from '../../../src/cache/fresh-session.js'
import { readSession, sessionPath, writeSession } from '../../../src/cache/session-files.js'
import { identityName } from '../../../src/cache/session-identity.js'
import { takeLock } from '../../../src/cache/session-lock.js'
import type { Clock } from '../../../src/clock.js'
import { type ErrorCode, RolesAnywhereError } from '../../../src/errors.js'
import { silentLogger } from '../../../src/log.js'
import type { SessionCredentials } from '../../../src/protocol/session-credentials.js'
import { systemClock } from '../../../src/system-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { sessionUntil } from '../../support/sessions.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { entry, IDENTITY, ISSUED, minutesLater } from './entries.js'

describe('cached session', () => {
  const folder = temporaryFolder()
  let now = ISSUED
  let calls = 0
  let warnings: string[] = []
  /** What the service does when it is asked. */
  let service: () => Promise<IdentifiedSession>
  /** The wall clock stands where the test puts it; pauses are real. */
  const clock: Clock = { ...systemClock, now: () => now }

  const path = (): string => sessionPath(folder.path, identityName(IDENTITY))

  /** Grants sessions with keys that count up, for so many minutes from now on. */
  const granting =
    (minutes = 60) =>
    async (): Promise<IdentifiedSession> =>
      Promise.resolve({
        ...sessionUntil(minutesLater(minutes, now), `ASIAEXAMPLE${calls}`),
        issuer: 'CN=Test Root',
        serial: '1003',
      })

  const failing = (code: ErrorCode) => async (): Promise<never> =>
    Promise.reject(new RolesAnywhereError(code, 'the service is against it'))

  async function ask(more: Partial<CachedSessionDeps> = {}): Promise<SessionCredentials> {
    const init = { folder: folder.path, identity: IDENTITY, timeoutMs: 5_000 }
    const { credentials } = await cachedSession(init, {
      obtain: async () => {
        calls++
        return service()
      },
      clock,
      random: () => 0,
      log: { ...silentLogger, warn: (message) => warnings.push(message) },
      ...more,
    })
    return credentials
  }

  beforeEach(() => {
    now = ISSUED
    calls = 0
    warnings = []
    service = granting()
  })

  it('asks the service once, and then the cache', async () => {
    const first = await ask()
    const second = await ask()
    expect(calls).to.equal(1)
    expect(second.accessKeyId).to.equal(first.accessKeyId)
    expect(second.sessionToken.reveal()).to.equal(first.sessionToken.reveal())
    expect(freshSession(folder.path, IDENTITY, now)?.accessKeyId).to.equal(first.accessKeyId)
    expect(readdirSync(folder.path)).to.have.length(1)
  })

  it('asks the service once for fifty at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, async () => ask()))
    expect(calls).to.equal(1)
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId))).to.have.property('size', 1)
  })

  it('asks the service once for fifty, even for sessions too short to be handed out again', async () => {
    service = granting(15)
    let granted: () => void = () => {}
    const open = new Promise<void>((resolve) => (granted = resolve))
    const slow = async (): Promise<IdentifiedSession> => {
      calls++
      await open
      now = minutesLater(0.01)
      return service()
    }
    const all = Promise.all(Array.from({ length: 50 }, async () => ask({ obtain: slow })))
    await systemClock.sleep(20)
    granted()
    await all
    expect(calls).to.equal(1)
    now = minutesLater(0.02)
    await ask()
    expect(calls).to.equal(2)
  })

  it('replaces a file that holds nothing of use', async () => {
    for (const text of ['', '{', 'x'.repeat(100_000)]) {
      writeFileSync(path(), text, { mode: 0o600 })
      await ask()
      expect(readSession(path())?.credentials.accessKeyId).to.equal(`ASIAEXAMPLE${calls}`)
    }
    expect(calls).to.equal(3)
  })

  describe('when the session is due for renewal', () => {
    beforeEach(() => {
      writeSession(path(), entry(), () => 0)
      now = minutesLater(41)
    })

    it('has one process renew it, while the others go on with it', async () => {
      const lock = await takeLock({
        path: path().replace('json', 'lock'),
        clock,
        patienceMs: 0,
        signal: new AbortController().signal,
      })
      expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE')
      expect(calls).to.equal(0)
      if ('held' in lock) lock.held.release()
      expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE1')
      expect(readSession(path())?.refreshAt).to.deep.equal(minutesLater(40, now))
    })

    for (const code of ['ERR_RA_SERVICE_FAILED', 'ERR_RA_SESSION_DENIED'] as const) {
      it(`goes on with it after ${code}, and does not try again at once`, async () => {
        service = failing(code)
        expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE')
        expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE')
        expect(calls).to.equal(1)
        expect(warnings).to.have.length(1)
        expect(readSession(path())?.failures).to.equal(1)
      })
    }

    it('waits for the service for a few seconds at the most', async () => {
      const limits: number[] = []
      const obtain = async (timeoutMs: number): Promise<IdentifiedSession> => {
        limits.push(timeoutMs)
        return granting()()
      }
      await cachedSession(
        { folder: folder.path, identity: IDENTITY, timeoutMs: 60_000 },
        { obtain, clock, random: () => 0, log: silentLogger },
      )
      expect(limits).to.deep.equal([5_000])
    })
  })

  describe('when less than 15 minutes are left', () => {
    beforeEach(() => {
      writeSession(path(), entry(), () => 0)
      now = minutesLater(46)
    })

    it('renews it first', async () => {
      expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE1')
    })

    it('hands it out if the service cannot be reached', async () => {
      service = failing('ERR_RA_ENDPOINT_UNREACHABLE')
      expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE')
      expect((await ask()).accessKeyId).to.equal('ASIAEXAMPLE')
      expect(calls).to.equal(1)
    })

    it('says so if the service refuses', async () => {
      service = failing('ERR_RA_SESSION_DENIED')
      await rejectsWithCode(ask(), 'ERR_RA_SESSION_DENIED')
    })

    it('does not hand it out in its last minute', async () => {
      now = minutesLater(59.5)
      service = failing('ERR_RA_ENDPOINT_UNREACHABLE')
      await rejectsWithCode(ask(), 'ERR_RA_ENDPOINT_UNREACHABLE')
    })
  })

  for (const { left, pauseMs } of [
    { left: 18, pauseMs: 102_000 },
    { left: 6, pauseMs: 30_000 },
    { left: 3, pauseMs: 15_000 },
  ]) {
    it(`puts a renewal off by ${pauseMs / 1000} s at the most with ${left} minutes left`, async () => {
      writeSession(path(), entry({ failures: 30 }), () => 0)
      now = minutesLater(60 - left)
      service = failing('ERR_RA_SERVICE_FAILED')
      await ask({ random: () => 0.999999 })
      const { retryAt } = readSession(path())!
      expect(retryAt!.getTime() - now.getTime()).to.be.closeTo(pauseMs, 2)
    })
  }

  describe('when the service fails', () => {
    it('passes the refusal on to all that have waited for it', async () => {
      let refuse: () => void = () => {}
      const open = new Promise<void>((resolve) => (refuse = resolve))
      const obtain = async (): Promise<never> => {
        calls++
        await open
        return failing('ERR_RA_SESSION_DENIED')()
      }
      const all = Array.from({ length: 20 }, async () =>
        rejectsWithCode(ask({ obtain }), 'ERR_RA_SESSION_DENIED'),
      )
      await systemClock.sleep(20)
      refuse()
      await Promise.all(all)
      expect(calls).to.equal(1)
    })

    it('lets all others try for themselves at the same time', async () => {
      let fail: () => void = () => {}
      const open = new Promise<void>((resolve) => (fail = resolve))
      const obtain = async (): Promise<IdentifiedSession> => {
        calls++
        if (calls > 1) return granting()()
        await open
        return failing('ERR_RA_PROXY_FAILED')()
      }
      const all = Array.from({ length: 10 }, async () => ask({ obtain }).catch(() => 'failed'))
      await systemClock.sleep(20)
      fail()
      const outcomes = await Promise.all(all)
      expect(outcomes.filter((outcome) => outcome === 'failed')).to.have.length(1)
    })

    it('keeps nothing of the failure', async () => {
      service = failing('ERR_RA_SESSION_DENIED')
      await rejectsWithCode(ask(), 'ERR_RA_SESSION_DENIED')
      expect(readdirSync(folder.path)).to.deep.equal([])
      service = granting()
      await ask()
    })
  })

  it('waits for another process no longer than the deadline', async () => {
    const lock = await takeLock({
      path: path().replace('json', 'lock'),
      clock,
      patienceMs: 0,
      signal: new AbortController().signal,
    })
    const init = { folder: folder.path, identity: IDENTITY, timeoutMs: 60 }
    // A clock of which the waiting process believes that its holder still gives signs of life.
    const patient: Clock = { ...clock, monotonicMs: () => 0 }
    await rejectsWithCode(
      cachedSession(init, {
        obtain: async () => granting()(),
        clock: patient,
        random: () => 0,
        log: silentLogger,
      }),
      'ERR_RA_SESSION_TIMEOUT',
    )
    if ('held' in lock) lock.held.release()
  })

  it('ends at once when the caller gives up, and passes nothing of that on', async () => {
    const ending = new AbortController()
    const asked = ask({
      signal: ending.signal,
      obtain: async (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
          ending.abort()
        }),
    })
    const outcome = await asked.catch((error: unknown) => error)
    expect(outcome).to.equal(ending.signal.reason)
    await ask()
  })

  it('gives the session out when it cannot be written, with a warning', async function () {
    if (process.platform !== 'linux') this.skip()
    const init = { folder: '/proc/self', identity: IDENTITY, timeoutMs: 5_000 }
    const warn = (message: string): void => void warnings.push(message)
    await cachedSession(init, {
      obtain: async () => granting()(),
      clock,
      random: () => 0,
      log: { ...silentLogger, warn },
    })
    expect(warnings).to.have.length(1)
  })
})
