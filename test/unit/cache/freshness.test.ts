import { expect } from 'chai'
import { freshness } from '../../../src/cache/freshness.js'
import { entry, IDENTITY, minutesLater } from './entries.js'

describe('freshness', () => {
  const CASES = [
    { what: 'just issued', at: 0, is: 'fresh' },
    { what: 'a moment before its renewal', at: 39.99, is: 'fresh' },
    { what: 'from its renewal on', at: 40, is: 'due' },
    { what: 'with a moment more than 15 minutes left', at: 44.99, is: 'due' },
    { what: 'with exactly 15 minutes left', at: 45, is: 'late' },
    { what: 'with a moment more than a minute left', at: 58.99, is: 'late' },
    { what: 'with a minute left', at: 59, is: 'spent' },
    { what: 'past its end', at: 61, is: 'spent' },
    { what: 'after the clock was set back a little', at: -4, is: 'fresh' },
    { what: 'after the clock was set back by more than slack', at: -6, is: 'spent' },
  ] as const
  for (const { what, at, is } of CASES) {
    it(`${is}: ${what}`, () => {
      expect(freshness(entry(), minutesLater(at))).to.equal(is)
    })
  }

  it('goes by the clock of the service where the two are known to differ', () => {
    const ahead = entry({ clockOffsetMs: 30 * 60_000 })
    expect(freshness(ahead, minutesLater(10))).to.equal('fresh')
    expect(freshness(ahead, minutesLater(16))).to.equal('late')
  })

  it('spent: a session that would live longer than was asked for', () => {
    const identity = { ...IDENTITY, durationSeconds: 1800 }
    expect(freshness(entry({ identity }), minutesLater(0))).to.equal('spent')
    const unknown = { ...IDENTITY, durationSeconds: undefined }
    expect(freshness(entry({ identity: unknown }), minutesLater(0))).to.equal('fresh')
  })

  it('held: a session whose renewal has failed, until it is to be tried again', () => {
    const failed = entry({ retryAt: minutesLater(50), failures: 1 })
    expect(freshness(failed, minutesLater(46))).to.equal('held')
    expect(freshness(failed, minutesLater(50))).to.equal('late')
  })

  it('believes no renewal that is put off for longer than any is', () => {
    const failed = entry({ retryAt: minutesLater(58), failures: 1 })
    expect(freshness(failed, minutesLater(46))).to.equal('late')
    expect(freshness(entry({ retryAt: minutesLater(62) }), minutesLater(59))).to.equal('spent')
  })
})
