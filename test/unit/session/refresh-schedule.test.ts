import { expect } from 'chai'
import fc from 'fast-check'
import {
  refreshDelayMs,
  retryDelayMs,
  sdkRefreshWindowMs,
} from '../../../src/session/refresh-schedule.js'

const MINUTE = 60_000

/** Between two sessions, however short they are. */
const PAUSE = 10_000

describe('refreshDelayMs', () => {
  for (const { life, expected, why } of [
    { life: 15, expected: 10, why: 'two thirds, which is also where five minutes are left' },
    { life: 60, expected: 40, why: 'two thirds come before the last quarter of an hour' },
    { life: 89, expected: (89 * 2) / 3, why: 'two thirds' },
    { life: 90, expected: 30, why: 'from 90 minutes on some SDKs renew an hour before the end' },
    { life: 120, expected: 60, why: 'an hour before the end comes before two thirds' },
    { life: 720, expected: 480, why: 'two thirds come before the last hour' },
  ]) {
    it(`renews a session of ${life} minutes after ${Math.round(expected)}: ${why}`, () => {
      expect(refreshDelayMs(life * MINUTE, 0)).to.be.closeTo(expected * MINUTE, 1)
    })
  }

  it('renews at the interval that was asked for, however long the session lives', () => {
    expect(refreshDelayMs(360 * MINUTE, 0, 60 * MINUTE)).to.equal(60 * MINUTE)
  })

  it('never comes after the SDK window begins nor without a pause, and spreads by a tenth at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 43_200_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (life, random) => {
          const latest = refreshDelayMs(life, 0)
          const delay = refreshDelayMs(life, random)
          expect(delay).to.be.within(latest * 0.9 - 1, latest)
          expect(delay).to.be.at.least(PAUSE)
          expect(delay).to.be.at.most(Math.max(PAUSE, life - sdkRefreshWindowMs(life)))
        },
      ),
    )
  })
})

describe('retryDelayMs', () => {
  for (const { kind, failures, low, high } of [
    { kind: 'transient', failures: 1, low: 250, high: 1_000 },
    { kind: 'transient', failures: 3, low: 250, high: 4_000 },
    { kind: 'transient', failures: 1000, low: 250, high: 60_000 },
    { kind: 'throttled', failures: 1, low: 250, high: 5_000 },
    { kind: 'terminal', failures: 1, low: 30_000, high: 60_000 },
    { kind: 'terminal', failures: 99, low: 150_000, high: 300_000 },
  ] as const) {
    it(`waits ${low} to ${high} ms after ${kind} failure number ${failures}`, () => {
      expect(retryDelayMs(kind, failures, 0)).to.equal(low)
      expect(retryDelayMs(kind, failures, 0.999999)).to.be.closeTo(high, 2)
    })
  }

  it('waits for what the service asks, up to two minutes, spread by a quarter', () => {
    expect(retryDelayMs('throttled', 1, 0, { retryAfterMs: 30_000 })).to.equal(30_000)
    expect(retryDelayMs('throttled', 1, 0.999999, { retryAfterMs: 30_000 })).to.be.closeTo(
      37_500,
      2,
    )
    expect(retryDelayMs('throttled', 1, 0, { retryAfterMs: 86_400_000 })).to.equal(120_000)
  })

  it('is short while there is no session to hand out, unless the service throttles or refuses', () => {
    for (const [kind, bound] of [
      ['transient', 15_000],
      ['throttled', 120_000],
      ['terminal', 300_000],
    ] as const) {
      expect(retryDelayMs(kind, 99, 0.999999, { servedForMs: 0 })).to.be.closeTo(bound, 2)
      expect(retryDelayMs(kind, 99, 0.999999, { servedForMs: -1e9 })).to.be.closeTo(bound, 2)
    }
  })

  it('does not wait far beyond the end of the session held', () => {
    expect(retryDelayMs('transient', 99, 0.999999, { servedForMs: 20_000 })).to.be.closeTo(
      35_000,
      2,
    )
    expect(retryDelayMs('transient', 99, 0.999999, { servedForMs: 1e9 })).to.be.closeTo(60_000, 2)
  })

  it('is never shorter than its own wait nor than what was asked for, and has a bound', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('transient', 'throttled', 'terminal'),
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        (kind, failures, random, asked, servedForMs) => {
          const retryAfterMs = asked
          const delay = retryDelayMs(kind, failures, random, { retryAfterMs, servedForMs })
          const own = retryDelayMs(kind, failures, random, { servedForMs })
          expect(own).to.be.at.most(retryDelayMs(kind, failures, random))
          expect(delay).to.be.at.least(own)
          expect(delay).to.be.at.least(Math.min(asked, 120_000))
          expect(delay).to.be.at.most(Math.max(own, 150_000))
          expect(delay).to.be.at.least(250)
        },
      ),
    )
  })
})
