import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type FleetOptions, simulate } from '../../../../bench/simulation/fleet.js'
import type { Answer } from '../../../../bench/simulation/service.js'
import { plot } from '../../../../bench/simulation/plot.js'
import { figures } from '../../../../bench/simulation/scenarios.js'
import { busiest } from '../../../../bench/simulation/summary.js'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { silentLogger } from '../../../../src/log.js'
import { createSession } from '../../../../src/session/create-session.js'
import type { Send } from '../../../../src/session/http-client.js'
import { refreshDelayMs } from '../../../../src/session/refresh-schedule.js'
import { keepSession } from '../../../../src/session/session-keeper.js'
import { sessionAnswer, SIGNER, TARGET } from '../../../support/create-session-call.js'
import { ManualClock } from '../../../support/manual-clock.js'

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

  it('takes a fleet that started at once apart with its first renewals', () => {
    expect(busiest(simulate(FLEET), 15 * MINUTE_MS)).to.be.below(3)
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

  for (const { what, trouble, answer } of [
    {
      what: 'when the service is away for ten minutes',
      trouble: { quotaPerSecond: 10, outage: { fromMs: 0, toMs: 10 * MINUTE_MS } },
      answer: (ms: number): Answer => (ms < 10 * MINUTE_MS ? 'unreachable' : 'session'),
    },
    {
      what: 'when there is no session to be had for days',
      trouble: { quotaPerSecond: 0.5 },
      answer: (): Answer => 'throttled',
    },
    {
      what: 'when the service is away for longer than a session lives',
      trouble: { quotaPerSecond: 10, outage: { fromMs: HOUR_MS, toMs: 3 * HOUR_MS } },
      answer: (ms: number): Answer =>
        ms >= HOUR_MS && ms < 3 * HOUR_MS ? 'unreachable' : 'session',
    },
  ]) {
    it(`makes the calls that the keeper makes ${what}`, async () => {
      const simulated = simulate({ ...FLEET, pods: 1, ...trouble }, () => 0.5)
      const real = await keptFor(FLEET.lengthMs, answer)
      expect(simulated.calls).to.equal(real.calls)
      expect(simulated.sessions).to.equal(real.sessions)
      // Instants are rounded up to ten milliseconds, once for each call.
      const served = simulated.allServedMs ?? 0
      expect(served).to.be.within(real.firstMs, real.firstMs + 10 * real.calls)
    })
  }
})

/** What the keeper and the calls of the product do, with a service that answers after 200 ms. */
async function keptFor(lengthMs: number, answerAt: (ms: number) => Answer) {
  const clock = new ManualClock()
  const random = (): number => 0.5
  const seen = { calls: 0, sessions: 0, firstMs: 0 }
  const send: Send = async () => {
    seen.calls += 1
    const answer = answerAt(clock.monotonicMs())
    await clock.sleep(200)
    if (answer === 'unreachable')
      throw new RolesAnywhereError('ERR_RA_ENDPOINT_UNREACHABLE', 'away')
    if (answer === 'throttled') return { status: 429, headers: {}, body: '' }
    seen.sessions += 1
    seen.firstMs ||= clock.monotonicMs()
    return sessionAnswer(new Date(clock.now().getTime() + HOUR_MS))
  }
  const keeper = keepSession(
    async (signal, retries) =>
      createSession(SIGNER, TARGET, { send, clock, random, signal, retries }),
    { clock, random, log: silentLogger },
  )
  await clock.advance(lengthMs)
  await keeper.stop()
  return seen
}

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
