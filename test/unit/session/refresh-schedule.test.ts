import { expect } from 'chai'
import fc from 'fast-check'
import {
  refreshDelayMs,
  retriesWithin,
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
    expect(refreshDelayMs(360 * MINUTE, 0, { intervalMs: 60 * MINUTE })).to.equal(60 * MINUTE)
  })

  it('spreads a tenth, and half when there was no session before: a fleet may have started with it', () => {
    expect(refreshDelayMs(60 * MINUTE, 0.999999)).to.be.closeTo(36 * MINUTE, 10)
    expect(refreshDelayMs(60 * MINUTE, 0, { afterNone: true })).to.equal(40 * MINUTE)
    expect(refreshDelayMs(60 * MINUTE, 0.999999, { afterNone: true })).to.be.closeTo(
      20 * MINUTE,
      10,
    )
  })

  it('never comes after the SDK window begins nor without a pause, and spreads by its share at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 43_200_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.boolean(),
        (life, random, afterNone) => {
          const latest = refreshDelayMs(life, 0)
          const delay = refreshDelayMs(life, random, { afterNone })
          expect(delay).to.be.within(latest * (afterNone ? 0.5 : 0.9) - 1, latest)
          expect(delay).to.be.at.least(PAUSE)
          expect(delay).to.be.at.most(Math.max(PAUSE, life - sdkRefreshWindowMs(life)))
        },
      ),
    )
  })
})

describe('retriesWithin', () => {
  it('leaves trying to whoever waits, a broken connection to the first attempt, the rest to its waits', () => {
    expect(retriesWithin(0, true)).to.equal('all')
    expect(retriesWithin(9, true)).to.equal('all')
    expect(retriesWithin(0, false)).to.equal('untilThrottled')
    expect(retriesWithin(1, false)).to.equal('afterHanging')
  })
})

describe('retryDelayMs', () => {
  /** Hours of life are left. */
  const long = { servedForMs: 600 * MINUTE }
  const none = { servedForMs: 0 }

  for (const { kind, failures, served, low, high } of [
    { kind: 'transient', failures: 1, served: 600, low: 250, high: 1_000 },
    { kind: 'transient', failures: 3, served: 600, low: 250, high: 4_000 },
    { kind: 'transient', failures: 1000, served: 600, low: 250, high: 300_000 },
    { kind: 'transient', failures: 1000, served: 19, low: 250, high: 114_000 },
    { kind: 'transient', failures: 1000, served: 1, low: 250, high: 15_000 },
    { kind: 'transient', failures: 1000, served: 0, low: 250, high: 15_000 },
    { kind: 'throttled', failures: 1, served: 600, low: 250, high: 300_000 },
    { kind: 'throttled', failures: 1, served: 4, low: 250, high: 60_000 },
    { kind: 'throttled', failures: 1, served: 1 / 4, low: 250, high: 5_000 },
    { kind: 'throttled', failures: 99, served: 1, low: 250, high: 30_000 },
    { kind: 'throttled', failures: 1, served: 0, low: 250, high: 5_000 },
    { kind: 'throttled', failures: 99, served: 0, low: 250, high: 120_000 },
    { kind: 'terminal', failures: 1, served: 600, low: 30_000, high: 60_000 },
    { kind: 'terminal', failures: 99, served: 600, low: 150_000, high: 300_000 },
    { kind: 'terminal', failures: 99, served: 4, low: 60_000, high: 120_000 },
    { kind: 'terminal', failures: 99, served: 1, low: 30_000, high: 60_000 },
    { kind: 'terminal', failures: 99, served: 0, low: 150_000, high: 300_000 },
  ] as const) {
    const left = served === 0 ? 'without a session' : `with ${served} min left`
    it(`waits ${low} to ${high} ms after ${kind} failure number ${failures} ${left}`, () => {
      const when = { servedForMs: served * MINUTE }
      expect(retryDelayMs(kind, failures, 0, when)).to.equal(low)
      expect(retryDelayMs(kind, failures, 0.999999, when)).to.be.closeTo(high, 2)
    })
  }

  it('waits for what the service asks, up to two minutes, spread by a quarter', () => {
    const asked = { ...none, retryAfterMs: 30_000 }
    expect(retryDelayMs('throttled', 1, 0, asked)).to.equal(30_000)
    expect(retryDelayMs('throttled', 1, 0.999999, asked)).to.be.closeTo(37_500, 2)
    expect(retryDelayMs('throttled', 1, 0, { ...long, retryAfterMs: 86_400_000 })).to.equal(120_000)
  })

  const kinds = fc.constantFrom('transient', 'throttled', 'terminal')
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  it('is never shorter than its own wait nor than what was asked for, and has a bound', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.integer({ min: 1, max: 1_000 }),
        dice,
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        (kind, failures, random, asked, servedForMs) => {
          const retryAfterMs = asked
          const delay = retryDelayMs(kind, failures, random, { retryAfterMs, servedForMs })
          const own = retryDelayMs(kind, failures, random, { servedForMs })
          expect(own).to.be.within(250, 5 * MINUTE)
          expect(delay).to.be.at.least(own)
          expect(delay).to.be.at.least(Math.min(asked, 120_000))
          expect(delay).to.be.at.most(Math.max(own, 150_000))
        },
      ),
    )
  })

  it('comes within the first half of what is left of the session, or within a minute', () => {
    fc.assert(
      fc.property(
        kinds,
        fc.integer({ min: 1, max: 1_000 }),
        dice,
        fc.integer({ min: 1, max: 43_200_000 }),
        (kind, failures, random, servedForMs) => {
          const delay = retryDelayMs(kind, failures, random, { servedForMs })
          expect(delay).to.be.at.most(Math.max(MINUTE, servedForMs / 2))
        },
      ),
    )
  })

  describe('no session runs out that could have been renewed', () => {
    /** Longest time that an attempt takes: the default of --timeout. */
    const CALL_MS = 10_000
    const MARGIN_MS = MINUTE

    /** What happens when renewals fail from when they are due for `faultMs`. */
    interface Trouble {
      readonly lifeMs: number
      readonly dueMs: number
      readonly faultMs: number
      readonly callMs: number
      readonly kinds: readonly ('transient' | 'throttled' | 'terminal')[]
      readonly dice: readonly number[]
    }

    /** For how long the session held could still be handed out when the next one came. */
    function toSpareMs({ lifeMs, dueMs, faultMs, callMs, kinds: failed, dice: rolls }: Trouble) {
      let ms = dueMs
      for (let failures = 1; ms < dueMs + faultMs; failures++) {
        ms += callMs
        const kind = failed[failures % failed.length]!
        const servedForMs = lifeMs - MARGIN_MS - ms
        ms += retryDelayMs(kind, failures, rolls[failures % rolls.length]!, { servedForMs })
      }
      return lifeMs - MARGIN_MS - (ms + callMs)
    }

    const rolls = {
      kinds: fc.array(kinds, { minLength: 1, maxLength: 20 }),
      // The longest waits are the ones to be afraid of.
      dice: fc.array(fc.oneof(dice, fc.constant(0.999999)), { minLength: 1, maxLength: 20 }),
      callMs: fc.integer({ min: 0, max: CALL_MS }),
    }

    it('when the fault ends 80 seconds before it would, whatever its life, the fault and the dice', () => {
      fc.assert(
        fc.property(
          fc.record({
            ...rolls,
            lifeMs: fc.integer({ min: 15 * MINUTE, max: 720 * MINUTE }),
            intervalMs: fc.integer({ min: MINUTE, max: 720 * MINUTE }),
            afterNone: fc.boolean(),
            share: fc.oneof(dice, fc.constant(1)),
          }),
          ({ lifeMs, intervalMs, afterNone, share, ...trouble }) => {
            const random = trouble.dice[0]!
            const dueMs = refreshDelayMs(lifeMs, random, { intervalMs, afterNone })
            const faultMs = share * (lifeMs - MARGIN_MS - dueMs - MINUTE - 2 * CALL_MS)
            expect(faultMs).to.be.at.least(share * 160_000)
            expect(toSpareMs({ ...trouble, lifeMs, dueMs, faultMs })).to.be.at.least(0)
          },
        ),
        { numRuns: 300 },
      )
    })

    it('in sessions of five minutes with faults of 45 seconds: those of the soak', () => {
      fc.assert(
        fc.property(fc.record(rolls), fc.integer({ min: 0, max: 45_000 }), (trouble, faultMs) => {
          const lifeMs = 5 * MINUTE
          const dueMs = refreshDelayMs(lifeMs, 0)
          expect(toSpareMs({ ...trouble, lifeMs, dueMs, faultMs })).to.be.at.least(70_000)
        }),
        { numRuns: 300 },
      )
    })
  })
})
