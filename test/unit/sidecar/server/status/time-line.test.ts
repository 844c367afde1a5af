import { expect } from 'chai'
import fc from 'fast-check'
import {
  barSvg,
  scaleSvg,
  ticksOf,
  timeLineOf,
} from '../../../../../sidecar/server/status/time-line.js'
import { days, minutes, NOW } from '../../../../support/snapshots.js'

const texts = (from: Date, to: Date): string[] =>
  ticksOf({ from, to }).map((at) => at.toISOString().slice(5, 16))

describe('the time line', () => {
  it('has room for every instant and for now, with a margin', () => {
    const { from, to } = timeLineOf([minutes(-50), undefined, minutes(50)], NOW)
    expect([from, to]).to.deep.equal([minutes(-52), minutes(52)])
  })

  it('shows ten minutes when there is nothing to show', () => {
    const { from, to } = timeLineOf([], NOW)
    expect(to.getTime() - from.getTime()).to.equal(10.4 * 60_000)
  })

  it('has ticks at round times', () => {
    expect(texts(minutes(-20), minutes(60))).to.deep.equal([
      '11-22T17:30',
      '11-22T18:00',
      '11-22T18:30',
    ])
    expect(texts(minutes(-60), minutes(660))).to.deep.equal([
      '11-22T20:00',
      '11-23T00:00',
      '11-23T04:00',
    ])
  })

  it('has one to four ticks, whatever it shows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e7 }),
        fc.integer({ min: 10, max: 1e7 }),
        (from, span) => {
          const ticks = ticksOf({ from: minutes(from), to: minutes(from + span) })
          expect(ticks.length).to.be.within(1, 4)
        },
      ),
    )
  })
})

describe('a bar', () => {
  const line = { from: minutes(-50), to: minutes(50) }
  const shapes = (text: string): [string, string | undefined, string | undefined][] =>
    [
      ...text.matchAll(
        /<(?:rect|svg)\s+class="(\w+)"(?:[^>]*?\sx="([^"]*)")?(?:[^>]*?width="([^"]*)")?/g,
      ),
    ].map(([, kind = '', x, width]) => [kind, x, width])

  it('shows what has passed, what is left, the mark and now, as shares of the width', () => {
    const bar = { from: minutes(-30), to: minutes(30), label: 'a session', mark: minutes(10) }
    expect(shapes(barSvg(line, bar, NOW).text)).to.deep.equal([
      ['bar', undefined, undefined],
      ['track', undefined, '100%'],
      ['past', '20.00%', '30.00%'],
      ['left', '50.00%', '30.00%'],
      ['mark', '60.00%', undefined],
      ['now', '50.00%', '2'],
    ])
  })

  it('is all past after its end, and all left before its start', () => {
    const kinds = (from: number, to: number): string[] =>
      shapes(barSvg(line, { from: minutes(from), to: minutes(to), label: 'x' }, NOW).text).map(
        ([kind]) => kind,
      )
    expect(kinds(-40, -20)).to.deep.equal(['bar', 'track', 'past', 'now'])
    expect(kinds(20, 40)).to.deep.equal(['bar', 'track', 'left', 'now'])
  })

  it('stays within the page, whatever it is given', () => {
    const bar = { from: days(-9), to: days(9), label: 'x', mark: days(99) }
    for (const [, x = '0%'] of shapes(barSvg(line, bar, days(-99)).text)) {
      expect(Number.parseFloat(x)).to.be.within(0, 100)
    }
  })

  it('says what it shows to those who do not see it', () => {
    const bar = { from: minutes(-1), to: minutes(1), label: 'until "noon"' }
    expect(barSvg(line, bar, NOW).text).to.contain('role="img" aria-label="until &#34;noon&#34;"')
    expect(barSvg(line, undefined, NOW).text).to.contain('aria-label="no session"')
    expect(scaleSvg(line).text).to.contain('aria-label="scale from 2026-11-22 16:53:04 UTC')
  })

  it('is an empty track when its time line has no length', () => {
    expect(barSvg({ from: NOW, to: NOW }, undefined, NOW).text).to.not.contain('NaN')
  })
})
