import { expect } from 'chai'
import {
  dateText,
  instantText,
  relativeText,
  spanText,
  timeText,
} from '../../../../../sidecar/server/status/relative-time.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('lengths of time in words', () => {
  for (const [ms, text] of [
    [-5, '0 s'],
    [0, '0 s'],
    [59.9 * SECOND, '59 s'],
    [MINUTE, '1 min'],
    [59 * MINUTE + 59 * SECOND, '59 min'],
    [HOUR, '1 h'],
    [3 * HOUR + 20 * MINUTE, '3 h 20 min'],
    [47 * HOUR + 59 * MINUTE, '47 h 59 min'],
    [2 * DAY, '2 days'],
    [12.9 * DAY, '12 days'],
  ] as const) {
    it(`say "${text}" of ${ms} ms`, () => expect(spanText(ms)).to.equal(text))
  }
})

describe('instants in words', () => {
  const now = new Date('2026-11-22T17:43:04.500Z')
  const after = (ms: number): Date => new Date(now.getTime() + ms)

  it('are told as seen from now', () => {
    const texts = [48 * MINUTE, -2 * DAY, 999, -999].map((ms) => relativeText(after(ms), now))
    expect(texts).to.deep.equal(['in 48 min', '2 days ago', 'now', 'now'])
  })

  it('are in UTC', () => {
    expect(instantText(now)).to.equal('2026-11-22 17:43:04 UTC')
    expect([dateText(now), timeText(now)]).to.deep.equal(['2026-11-22', '17:43:04'])
    expect(instantText(new Date(8.64e15))).to.equal('+275760-09-13 00:00:00 UTC')
  })
})
