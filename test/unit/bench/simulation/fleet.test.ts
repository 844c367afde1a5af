import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type FleetOptions, simulate } from '../../../../bench/simulation/fleet.js'
import { plot } from '../../../../bench/simulation/plot.js'
import { figures } from '../../../../bench/simulation/scenarios.js'
import { busiest } from '../../../../bench/simulation/summary.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { silentLogger } from '../../../../src/log.js'
import { refreshDelayMs } from '../../../../src/session/refresh-schedule.js'
import { keepSession } from '../../../../src/session/session-keeper.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { sessionUntil } from '../../../support/sessions.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FLEET: FleetOptions = {
  pods: 1_000,
  quotaPerSecond: 10,
  sessionMs: HOUR_MS,
  start: 'cold',
  lengthMs: 4 * HOUR_MS,
  seed: 7,
}
const LONG = { sessionMs: 6 * HOUR_MS, refreshIntervalMs: HOUR_MS }
const AWAY = { start: 'steady', outage: { fromMs: HOUR_MS, toMs: 2 * HOUR_MS } } as const

describe('the simulation', () => {
  it('is the same for the same seed, and another for another', () => {
    const [one, again, other] = [7, 7, 8].map((seed) => simulate({ ...FLEET, seed }))
    expect(again).to.deep.equal(one)
    expect(other).not.to.deep.equal(one)
  })

  it('never issues more than the quota and its burst', () => {
    const { rates } = simulate(FLEET)
    expect(Math.max(...rates.session)).to.be.at.most(10 + 10 / 10)
  })

  it('gives every pod a session after a restart, about as soon as the quota allows', () => {
    const storm = simulate(FLEET)
    expect(storm.neverServed).to.equal(0)
    expect(storm.allServedMs).to.be.within(100_000 - 10_000, 5 * MINUTE_MS)
  })

  it('has no storm when starts are spread', () => {
    const spread = simulate({ ...FLEET, startSpreadMs: 125_000 })
    expect(busiest(spread)).to.be.at.most(15)
    expect(spread.calls / spread.sessions).to.be.below(1.1)
    expect(spread.allServedMs).to.be.below(150_000)
  })

  it('stays below the quota in renewals that follow a restart', () => {
    expect(busiest(simulate(FLEET), 30 * MINUTE_MS)).to.be.below(10)
  })

  it('calls once for each session in the steady state, and nobody loses one', () => {
    const steady = simulate({ ...FLEET, pods: 5_000, start: 'steady' })
    expect(steady.calls).to.equal(steady.sessions)
    expect([steady.lost, steady.neverServed]).to.deep.equal([0, 0])
  })

  it('rides out an outage with long sessions, and not with short ones', () => {
    const short = simulate({ ...FLEET, ...AWAY })
    expect(short.lost).to.be.above(900)
    expect(short.without.at(-1)).to.equal(0)
    const long = simulate({ ...FLEET, ...AWAY, ...LONG })
    expect([long.lost, Math.max(...long.without)]).to.deep.equal([0, 0])
  })

  it('counts a session as held until a minute before its end', () => {
    const outage = { fromMs: 10 * MINUTE_MS, toMs: FLEET.lengthMs }
    const { without } = simulate({ ...FLEET, pods: 1, outage }, () => 0)
    const heldMs = HOUR_MS - MINUTE_MS
    expect(without.findIndex((pods) => pods > 0)).to.equal(heldMs / 10_000)
  })

  it('makes the calls that the keeper makes', async () => {
    const outage = { fromMs: 0, toMs: 10 * MINUTE_MS }
    const callAttempts = 1
    const simulated = simulate({ ...FLEET, pods: 1, callAttempts, outage }, () => 0.5)

    const clock = new ManualClock()
    const startMs = clock.monotonicMs()
    let calls = 0
    let servedMs: number | undefined
    const keeper = keepSession(
      async () => {
        calls += 1
        const away = clock.monotonicMs() - startMs < outage.toMs
        await clock.sleep(200)
        if (away) throw new RolesAnywhereError('ERR_RA_ENDPOINT_UNREACHABLE', 'away')
        servedMs ??= clock.monotonicMs() - startMs
        return sessionUntil(new Date(clock.now().getTime() + HOUR_MS))
      },
      { clock, random: () => 0.5, log: silentLogger },
    )
    await clock.advance(FLEET.lengthMs)
    await keeper.stop()
    expect(simulated.calls).to.equal(calls)
    // Instants are rounded up to ten milliseconds, once for each call.
    expect(simulated.allServedMs).to.be.within(servedMs ?? 0, (servedMs ?? 0) + 10 * calls)
  })
})

describe('docs/sizing.md', () => {
  const guide = readFileSync(new URL('../../../../docs/sizing.md', import.meta.url), 'utf8')

  for (const [duration, hours] of Object.entries({ '30m': 0.5, '1h': 1, '6h': 6, '12h': 12 })) {
    it(`says how many pods ten calls a second carry with sessions of ${duration}`, () => {
      const seconds = refreshDelayMs(hours * HOUR_MS, 0.5) / 1000
      const pods = (10 * seconds).toLocaleString('en-US')
      const row = guide.split('\n').find((line) => line.startsWith(`| \`${duration}\``))
      expect(row).to.contain(`| ${seconds.toLocaleString('en-US')} s | ${pods} |`)
    })
  }

  for (const { name, title } of figures(10)) {
    it(`shows the image of "${title}"`, () => {
      expect(guide).to.contain(`(images/${name}.svg)`)
      expect(guide).to.contain(`| ${title} `)
    })
  }
})

describe('plot', () => {
  it('draws a column for each fleet, with its axes named and no number that is none', () => {
    const recording = simulate({ ...FLEET, pods: 20 })
    const column = { title: 'a < b', recording, pods: 20, quotaPerSecond: 10 }
    const svg = plot('Two & three', [column, column])
    expect(svg).not.to.match(/NaN|Infinity|undefined|a < b/)
    expect(svg.match(/>hours</g)).to.have.length(2)
    expect(svg).to.contain('calls per second').and.contain('pods without')
  })
})
