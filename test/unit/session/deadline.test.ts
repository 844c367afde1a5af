import { getEventListeners } from 'node:events'
import { expect } from 'chai'
import { RolesAnywhereError } from '../../../src/errors.js'
import { deadline } from '../../../src/session/deadline.js'
import { ManualClock } from '../../support/manual-clock.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('deadline', () => {
  let clock: ManualClock
  let outer: AbortController
  beforeEach(() => {
    clock = new ManualClock()
    outer = new AbortController()
  })

  it('passes on the monotonic clock', async () => {
    const limit = deadline(10_000, clock, outer.signal)
    clock.jump(3_600_000)
    await clock.advance(9_999)
    expect([limit.signal.aborted, limit.passed(), limit.remainingMs()]).to.deep.equal([
      false,
      false,
      1,
    ])
    await clock.advance(1)
    expect([limit.signal.aborted, limit.passed(), limit.remainingMs()]).to.deep.equal([
      true,
      true,
      0,
    ])
    expect(() => limit.throwIfPassed()).to.throw(RolesAnywhereError)
    limit.clear()
  })

  it('ends with the caller, whose reason it repeats', () => {
    const limit = deadline(10_000, clock, outer.signal)
    const reason = new Error('enough')
    outer.abort(reason)
    expect([limit.signal.aborted, limit.passed()]).to.deep.equal([true, false])
    expect(limit.signal.reason).to.equal(reason)
    expect(() => limit.throwIfPassed()).to.throw(reason)
    limit.clear()
  })

  it('says to a deadline within it that time ran out, not that somebody gave up', async () => {
    const limit = deadline(10_000, clock)
    const within = deadline(20_000, clock, limit.signal)
    await clock.advance(10_000)
    throwsWithCode(() => within.throwIfPassed(), 'ERR_RA_SESSION_TIMEOUT')
    limit.clear()
    within.clear()
  })

  it('begins ended when the caller had given up before', () => {
    outer.abort()
    const limit = deadline(10_000, clock, outer.signal)
    expect(limit.signal.aborted).to.equal(true)
    limit.clear()
  })

  it('leaves nothing behind at the signal of the caller, which lives as long as the process', async () => {
    for (let times = 0; times < 3; times++) deadline(10_000, clock, outer.signal).clear()
    await clock.advance(0)
    expect(getEventListeners(outer.signal, 'abort')).to.deep.equal([])
    expect(clock.sleeping).to.equal(0)
  })
})
