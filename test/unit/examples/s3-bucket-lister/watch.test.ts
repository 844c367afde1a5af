import { expect } from 'chai'
import { describeFailure } from '../../../../examples/s3-bucket-lister/src/failure.js'
import {
  formatFailure,
  formatListing,
  formatListingJson,
  formatRound,
  formatRoundJson,
} from '../../../../examples/s3-bucket-lister/src/format.js'
import type { Listing } from '../../../../examples/s3-bucket-lister/src/list-buckets.js'
import { type Round, watch } from '../../../../examples/s3-bucket-lister/src/watch.js'

const at = new Date('2026-01-01T12:00:00Z')
const caller = 'arn:aws:sts::111122223333:assumed-role/reader/app'

const listing = (minute: number | undefined): Listing => ({
  caller,
  buckets: [{ name: 'invoices', createdAt: at }],
  sessionExpiration: minute === undefined ? undefined : new Date(at.getTime() + minute * 60_000),
})

/** Watches one round for each answer. */
async function rounds(answers: readonly (Listing | Error)[]): Promise<Round[]> {
  const ending = new AbortController()
  const reported: Round[] = []
  const left = [...answers]
  await watch(5000, ending.signal, {
    list: async () => {
      const answer = left.shift()!
      if (answer instanceof Error) throw answer
      return answer
    },
    describe: describeFailure,
    now: () => at,
    sleep: async (ms) => {
      expect(ms).to.equal(5000)
      if (left.length === 0) ending.abort()
    },
    report: (round) => reported.push(round),
  })
  return reported
}

describe('watch', () => {
  for (const [why, minutes, expected] of [
    ['the session stays the same', [60, 60], [false, false]],
    ['the session is a new one', [60, 90, 90], [false, true, false]],
    ['keys do not expire', [undefined, undefined], [false, false]],
  ] as const) {
    it(`reports renewals when ${why}`, async () => {
      const reported = await rounds(minutes.map(listing))
      expect(reported.map(({ renewed }) => renewed)).to.deep.equal(expected)
    })
  }

  it('goes on after a round that failed, and still knows the session from before', async () => {
    const reported = await rounds([listing(60), new Error('down'), listing(90)])
    expect(reported.map(({ result }) => Object.keys(result)[0])).to.deep.equal([
      'listing',
      'failure',
      'listing',
    ])
    expect(reported[2]?.renewed).to.equal(true)
  })

  it('ends at once while a round is under way, and reports nothing of it', async () => {
    const ending = new AbortController()
    const reported: Round[] = []
    const watching = watch(5000, ending.signal, {
      list: () => new Promise(() => {}),
      describe: describeFailure,
      now: () => at,
      sleep: async () => {},
      report: (round) => reported.push(round),
    })
    ending.abort()
    await watching
    expect(reported).to.deep.equal([])
  })
})

describe('what s3-bucket-lister prints', () => {
  const failure = { status: 5, message: 'the request was denied', hint: 'allow it' }

  it('is the caller and one line for each bucket', () => {
    expect(formatListing(listing(60))).to.equal(
      `caller: ${caller}\nbuckets: 1\n  invoices  2026-01-01T12:00:00.000Z\n`,
    )
  })

  it('is one line of JSON when asked', () => {
    const line = formatListingJson(listing(60))
    expect(line.endsWith('\n')).to.equal(true)
    expect(JSON.parse(line)).to.deep.equal({
      caller,
      buckets: [{ name: 'invoices', createdAt: '2026-01-01T12:00:00.000Z' }],
      sessionExpiration: '2026-01-01T13:00:00.000Z',
    })
  })

  it('is one line for each round of watching', () => {
    const good = { at, renewed: true, result: { listing: listing(60) } }
    const bad = { at, renewed: false, result: { failure } }
    expect(formatRound(good)).to.equal(
      `2026-01-01T12:00:00.000Z ${caller} 1 bucket session renewed\n`,
    )
    expect(formatRound(bad)).to.equal('2026-01-01T12:00:00.000Z failed: the request was denied\n')
    expect(JSON.parse(formatRoundJson(good))).to.include({ caller, renewed: true })
    expect(JSON.parse(formatRoundJson(bad)).failed).to.include({ status: 5 })
  })

  it('is what happened and what to do when something fails', () => {
    expect(formatFailure(failure)).to.equal('error: the request was denied\nhint: allow it\n')
  })
})
