import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { describeFailure } from './failure.js'
import {
  formatFailure,
  formatListing,
  formatListingJson,
  formatRound,
  formatRoundJson,
} from './format.js'
import { bucketLister } from './list-buckets.js'
import { HELP, parseUsage } from './usage.js'
import { watch } from './watch.js'

const ending = new AbortController()
let endedBy: 'SIGINT' | 'SIGTERM' | undefined
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second one ends the process without waiting for anything.
  process.once(name, () => {
    endedBy ??= name
    ending.abort()
  })
}

/** Returns the exit status. */
async function run(args: readonly string[]): Promise<number> {
  const { help, json, watchSeconds } = parseUsage(args)
  if (help) {
    process.stdout.write(HELP)
    return 0
  }
  const list = bucketLister(process.env)
  if (watchSeconds === undefined) {
    const listing = await list(ending.signal)
    process.stdout.write(json ? formatListingJson(listing) : formatListing(listing))
    return 0
  }
  await watch(watchSeconds * 1000, ending.signal, {
    list,
    describe: describeFailure,
    now: () => new Date(),
    sleep: async (ms, signal) => {
      // Being woken early is how a sleep ends when the program does.
      await delay(ms, undefined, { signal }).catch(() => {})
    },
    report: (round) =>
      void process.stdout.write(json ? formatRoundJson(round) : formatRound(round)),
  })
  return 0
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  if (endedBy) {
    process.exitCode = 128 + constants.signals[endedBy]
  } else {
    const failure = describeFailure(error)
    process.stderr.write(formatFailure(failure))
    process.exitCode = failure.status
  }
}
// A request that is still under way must not keep a program that was asked to end.
if (endedBy) process.exit()
