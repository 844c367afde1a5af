import { expect } from 'chai'
import fc from 'fast-check'
import { clockSkew, judgeClock } from '../../../../src/doctor/judgements/clock-skew.js'

const SENT_AT = new Date('2026-06-01T12:00:00.000Z')

describe('clockSkew', () => {
  it('takes the middle of the round trip for the time of the answer', () => {
    const serviceDate = new Date('2026-06-01T12:00:02.000Z')
    const skew = clockSkew({ sentAt: SENT_AT, roundTripMs: 3000, serviceDate })
    expect(skew).to.deep.equal({ skewMs: 1000, uncertaintyMs: 2000 })
  })

  it('is never further from the truth than it says', () => {
    const ms = fc.integer({ min: 0, max: 20_000 })
    const property = fc.property(
      fc.integer({ min: -1e7, max: 1e7 }),
      ms,
      ms,
      (trueSkewMs, thereMs, backMs) => {
        const answeredMs = SENT_AT.getTime() + thereMs + trueSkewMs
        const serviceDate = new Date(Math.floor(answeredMs / 1000) * 1000)
        const roundTripMs = thereMs + backMs
        const { skewMs, uncertaintyMs } = clockSkew({ sentAt: SENT_AT, roundTripMs, serviceDate })
        expect(Math.abs(skewMs - trueSkewMs)).to.be.at.most(uncertaintyMs)
      },
    )
    fc.assert(property)
  })
})

describe('judgeClock', () => {
  for (const [skewMs, uncertaintyMs, status, words] of [
    [0, 500, 'ok', 'agrees'],
    [-1400, 500, 'ok', 'agrees'],
    [9000, 8500, 'ok', 'agrees'],
    [30_000, 500, 'ok', '30s behind'],
    [-90_000, 500, 'warning', '1m 30s ahead of'],
    [900_000, 500, 'warning', '15m behind'],
    [900_001, 500, 'failed', '15m behind'],
    [-7_200_000, 500, 'failed', '2h ahead of'],
  ] as const) {
    it(`calls ${skewMs} ms, known to ${uncertaintyMs} ms, ${status}`, () => {
      const finding = judgeClock({ skewMs, uncertaintyMs })
      expect(finding.status).to.equal(status)
      expect(finding.message).to.contain(words)
    })
  }
})
