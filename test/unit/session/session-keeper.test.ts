import { expect } from 'chai'
import { RolesAnywhereError } from '../../../src/errors.js'
import { createLogger, silentLogger } from '../../../src/log.js'
import { serviceError } from '../../../src/protocol/service-error.js'
import type { ObtainedSession, Retries } from '../../../src/session/create-session.js'
import { keepSession, type SessionKeeperDeps } from '../../../src/session/session-keeper.js'
import { ManualClock, settle } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { sessionUntil } from '../../support/sessions.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('keepSession', () => {
  let clock: ManualClock
  let calls: number
  /** What the next calls do, the last one for ever. */
  let script: (() => Promise<ObtainedSession>)[]

  const hourLong = async (): Promise<ObtainedSession> =>
    sessionUntil(new Date(clock.now().getTime() + HOUR), `ASIA${calls}`)
  const failing = async (): Promise<ObtainedSession> => {
    throw new RolesAnywhereError('ERR_RA_SERVICE_FAILED', 'down')
  }

  const start = (more: Partial<SessionKeeperDeps> = {}) =>
    keepSession(
      async () => {
        calls++
        return (script.length > 1 ? script.shift() : script[0])!()
      },
      { clock, random: () => 0, log: silentLogger, ...more },
    )

  beforeEach(() => {
    clock = new ManualClock()
    calls = 0
    script = [hourLong]
  })

  it('obtains a session at once and renews it at two thirds of its life, asked or not', async () => {
    const keeper = start()
    await settle()
    expect(keeper.current()?.credentials.accessKeyId).to.equal('ASIA1')
    await clock.advance(40 * MINUTE - 1)
    expect(calls).to.equal(1)
    await clock.advance(1)
    expect(calls).to.equal(2)
    expect(keeper.current()?.credentials.accessKeyId).to.equal('ASIA2')
    await keeper.stop()
  })

  it('keeps the session held through an outage until a minute before its end, then has none', async () => {
    script = [hourLong, failing]
    const keeper = start()
    await clock.advance(HOUR - MINUTE - 1)
    expect(calls).to.be.greaterThan(10)
    expect(keeper.current()?.credentials.accessKeyId).to.equal('ASIA1')
    await clock.advance(1)
    expect(keeper.current()).to.equal(undefined)
    expect(keeper.lastFailure()).to.be.instanceOf(RolesAnywhereError)
    await keeper.stop()
  })

  it('recovers by itself after a failed start', async () => {
    script = [failing, failing, hourLong]
    const keeper = start()
    await settle()
    expect(keeper.current()).to.equal(undefined)
    await clock.advance(5_000)
    expect(keeper.current()).to.not.equal(undefined)
    expect(keeper.lastFailure()).to.equal(undefined)
    expect(await keeper.first()).to.equal(keeper.current())
    await keeper.stop()
  })

  it('asks again within a quarter of a minute while there is no session, however long that lasts', async () => {
    script = [failing]
    const keeper = start({ random: () => 0.999999 })
    await clock.advance(HOUR)
    const before = calls
    await clock.advance(15_000)
    expect(calls).to.equal(before + 1)
    await keeper.stop()
  })

  it('asks a service that refuses slowly, and at once when it is woken', async () => {
    script = [
      async () => {
        throw new RolesAnywhereError('ERR_RA_SESSION_DENIED', 'no')
      },
    ]
    const keeper = start()
    await clock.advance(10 * MINUTE)
    expect(calls).to.be.within(3, 12)
    const before = calls
    keeper.wake()
    await settle()
    expect(calls).to.equal(before + 1)
    await keeper.stop()
  })

  it('notices a machine that was suspended, by the wall clock', async () => {
    const keeper = start()
    await settle()
    clock.jump(2 * HOUR)
    expect(keeper.current()).to.equal(undefined)
    await clock.advance(30_000)
    expect(calls).to.equal(2)
    expect(keeper.current()).to.not.equal(undefined)
    await keeper.stop()
  })

  for (const { what, jumpMs } of [
    { what: 'the machine was suspended until after its end', jumpMs: 2 * HOUR },
    { what: 'it is due, and still good', jumpMs: 45 * MINUTE },
  ]) {
    it(`renews at once for whoever looks at the session when ${what}, and only once`, async () => {
      const keeper = start()
      await settle()
      clock.jump(jumpMs)
      for (let times = 0; times < 100; times++) keeper.current()
      await settle()
      expect(calls).to.equal(2)
      expect(keeper.current()?.credentials.accessKeyId).to.equal('ASIA2')
      await keeper.stop()
    })
  }

  it('does not ask earlier for all who look while it fails', async () => {
    script = [hourLong, failing]
    const keeper = start()
    await settle()
    clock.jump(2 * HOUR)
    for (let times = 0; times < 100; times++) {
      keeper.current()
      await settle()
    }
    expect(calls).to.equal(2)
    await keeper.stop()
  })

  it('leaves a service alone for as long as it asks to be', async () => {
    script = [
      async () => {
        throw serviceError({ status: 429, headers: { 'retry-after': '100' }, body: '' })
      },
    ]
    const keeper = start()
    await clock.advance(100_000 - 1)
    expect(calls).to.equal(1)
    script = [hourLong]
    await clock.advance(1)
    expect(keeper.current()).to.not.equal(undefined)
    await keeper.stop()
  })

  it('does not serve past the end of a session when the wall clock is set back', async () => {
    script = [hourLong, failing]
    const keeper = start()
    await settle()
    clock.jump(-6 * HOUR)
    await clock.advance(HOUR)
    expect(keeper.current()).to.equal(undefined)
    await keeper.stop()
  })

  it('measures life by the clock of the service when the local one is wrong', async () => {
    script = [
      async () => ({
        ...sessionUntil(new Date(clock.now().getTime() + 2 * HOUR)),
        clockOffsetMs: HOUR,
      }),
      failing,
    ]
    const keeper = start()
    await clock.advance(HOUR - MINUTE - 1)
    expect(keeper.current()).to.not.equal(undefined)
    await clock.advance(1)
    expect(keeper.current()).to.equal(undefined)
    await keeper.stop()
  })

  it('has one call under way at a time', async () => {
    let release = (_session: ObtainedSession): void => {}
    script = [async () => new Promise((resolve) => (release = resolve))]
    const keeper = start()
    await settle()
    keeper.wake()
    keeper.wake()
    await clock.advance(HOUR)
    expect(calls).to.equal(1)
    release(sessionUntil(new Date(clock.now().getTime() + HOUR)))
    await keeper.stop()
  })

  it('renews at the refresh interval, so that a long session rides out a long outage', async () => {
    script = [async () => sessionUntil(new Date(clock.now().getTime() + 6 * HOUR))]
    const keeper = start({ refreshIntervalMs: HOUR })
    await clock.advance(3 * HOUR)
    expect(calls).to.equal(4)
    await keeper.stop()
  })

  it('spreads the first renewal widely, and the next ones a little', async () => {
    const keeper = start({ random: () => 0.999999 })
    await clock.advance(20 * MINUTE - 1)
    expect(calls).to.equal(1)
    await clock.advance(20)
    expect(calls).to.equal(2)
    await clock.advance(36 * MINUTE - 20)
    expect(calls).to.equal(2)
    await clock.advance(20)
    expect(calls).to.equal(3)
    await keeper.stop()
  })

  it('spreads as widely when the session before had run out: all others come back, too', async () => {
    script = [hourLong, failing]
    const keeper = start({ random: () => 0.5 })
    await clock.advance(2 * HOUR)
    expect(keeper.current()).to.equal(undefined)
    script = [hourLong]
    await clock.advance(15_000)
    const { refreshedAt, nextAttemptAt } = keeper.status()
    expect(nextAttemptAt!.getTime() - refreshedAt!.getTime()).to.equal(30 * MINUTE)
    await keeper.stop()
  })

  it('asks more calmly the more life is left, and within minutes at the most', async () => {
    script = [async () => sessionUntil(new Date(clock.now().getTime() + 6 * HOUR)), failing]
    const keeper = start({ refreshIntervalMs: HOUR, random: () => 0.999999 })
    await clock.advance(2 * HOUR)
    const before = calls
    await clock.advance(HOUR)
    expect(calls).to.equal(before + 12)
    await clock.advance(3 * HOUR - 6 * MINUTE)
    const later = calls
    await clock.advance(5 * MINUTE)
    expect(calls).to.be.at.least(later + 10)
    await keeper.stop()
  })

  it('leaves calls within an attempt to those that gain by them', async () => {
    const told: string[] = []
    script = [failing, failing, hourLong]
    const fetch = async (_signal: AbortSignal, retries: () => Retries) => {
      told.push(retries())
      // Whoever is to wait for it asks while it is under way.
      await clock.sleep(1_000)
      told.push(retries())
      return (script.length > 1 ? script.shift() : script[0])!()
    }
    const keeper = keepSession(fetch, { clock, random: () => 0, log: silentLogger })
    await clock.advance(1_000)
    expect(told.splice(0)).to.deep.equal(['untilThrottled', 'untilThrottled'])
    await clock.advance(300)
    keeper.obtained().catch(() => {})
    await clock.advance(1_000)
    expect(told.splice(0)).to.deep.equal(['afterHanging', 'all'])
    await clock.advance(1_500)
    expect(told.splice(0)).to.deep.equal(['afterHanging', 'afterHanging'])
    await keeper.stop()
  })

  it('spreads first attempts over the time that it is given', async () => {
    const keeper = start({ startSpreadMs: 10 * MINUTE, random: () => 0.5 })
    await clock.advance(5 * MINUTE - 1)
    expect(calls).to.equal(0)
    expect(keeper.current()).to.equal(undefined)
    await clock.advance(1)
    expect(calls).to.equal(1)
    await keeper.stop()
  })

  it('does not spread an attempt that somebody wakes', async () => {
    const keeper = start({ startSpreadMs: 10 * MINUTE, random: () => 0.5 })
    const session = keeper.obtained()
    await settle()
    expect((await session).credentials.accessKeyId).to.equal('ASIA1')
    await keeper.stop()
  })

  it('says that a session is stale once it should have been renewed', async () => {
    script = [hourLong, failing]
    const keeper = start()
    await clock.advance(40 * MINUTE - 1)
    expect(keeper.status()).to.deep.equal({
      expiration: new Date('2026-01-01T01:00:00Z'),
      refreshedAt: new Date('2026-01-01T00:00:00Z'),
      nextAttemptAt: new Date('2026-01-01T00:40:00Z'),
      stale: false,
      failures: 0,
    })
    await clock.advance(1_000)
    expect(keeper.status()).to.include({ stale: true })
    expect(keeper.status().failures).to.be.greaterThan(0)
    expect(keeper.status().failedAt?.getTime()).to.be.within(
      Date.parse('2026-01-01T00:40:00Z'),
      clock.now().getTime(),
    )
    await clock.advance(20 * MINUTE)
    expect(keeper.status()).to.include({ stale: false }).and.to.not.have.property('expiration')
    await keeper.stop()
  })

  it('gives whoever asks the outcome of the attempt under way, and between attempts the last', async () => {
    script = [failing, hourLong]
    const keeper = start()
    await rejectsWithCode(keeper.obtained(), 'ERR_RA_SERVICE_FAILED')
    await rejectsWithCode(keeper.obtained(), 'ERR_RA_SERVICE_FAILED')
    expect(calls).to.equal(1)
    await clock.advance(1_000)
    expect(await keeper.obtained()).to.equal(keeper.current())
    expect(calls).to.equal(2)
    await keeper.stop()
  })

  it('renews at once for whoever asks after the machine was suspended', async () => {
    const keeper = start()
    await settle()
    clock.jump(2 * HOUR)
    const session = await keeper.obtained()
    expect(session.credentials.accessKeyId).to.equal('ASIA2')
    await keeper.stop()
  })

  it('stops with nothing pending, and tells who waits for a first session', async () => {
    script = [failing]
    const keeper = start()
    const waiting = rejectsWithCode(keeper.first(), 'ERR_RA_NO_SESSION')
    await settle()
    await keeper.stop()
    await waiting
    expect(clock.sleeping).to.equal(0)
  })

  it('writes one line for each refresh, with instants and the key id but no secret', async () => {
    const lines: string[] = []
    const log = createLogger({
      component: 'test',
      level: 'debug',
      format: 'json',
      now: () => clock.now(),
      write: (line) => lines.push(line),
    })
    const keeper = start({ log })
    await settle()
    expect(lines).to.have.length(1)
    expect(JSON.parse(lines[0]!)).to.include({
      msg: 'session refreshed',
      accessKeyId: 'ASIA1',
      expiration: '2026-01-01T01:00:00.000Z',
      nextRefreshAt: '2026-01-01T00:40:00.000Z',
    })
    expect(lines.join('')).to.not.contain('canary')
    await keeper.stop()
  })
})
