import { BIN_SECONDS, type Recording } from './recorder.js'
import { count, duration, type Scenario } from './scenarios.js'

/** Head of the table of results. */
export const HEADER = [
  'What happens',
  'Fleet',
  'calls per session',
  'busiest 10 s',
  'all have one after',
  'never had one',
  'lost theirs',
  'for at most',
  'all well again after',
]

/** Results of one fleet in words. */
export function rowOf(
  title: string,
  { title: fleet, options }: Scenario,
  seen: Recording,
): string[] {
  const cold = options.start === 'cold'
  return [
    title,
    fleet,
    (seen.calls / seen.sessions).toFixed(seen.calls < 10 * seen.sessions ? 2 : 0),
    `${count(busiest(seen))}/s`,
    cold ? (seen.allServedMs === undefined ? 'not within 2 h' : duration(seen.allServedMs)) : '',
    count(seen.neverServed),
    count(seen.lost),
    seen.lost > 0 ? duration(seen.longestGapMs) : '',
    options.outage ? recovery(seen, options.outage.toMs) : '',
  ]
}

/** Most calls a second, over ten seconds, whatever they were answered. */
export function busiest({ rates }: Recording, fromMs = 0): number {
  const first = Math.floor(fromMs / 1000 / BIN_SECONDS)
  const sums = rates.session.map(
    (rate, bin) => rate + (rates.throttled[bin] ?? 0) + (rates.unreachable[bin] ?? 0),
  )
  return sums.slice(first).reduce((most, rate) => Math.max(most, rate), 0)
}

/** Time from the end of the outage until no pod is without a session. */
function recovery({ without }: Recording, sinceMs: number): string {
  const bin = without.findLastIndex((pods) => pods > 0)
  const ms = (bin + 1) * BIN_SECONDS * 1000 - sinceMs
  if (bin < 0 || ms <= 0) return 'at once'
  return bin === without.length - 1 ? 'not within 2 h' : duration(ms)
}
