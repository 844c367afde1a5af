import { median } from '../../bench/table.js'
import type { Sample } from './program.js'

const MEGABYTE = 1024 * 1024

/** One thing that a run must show. */
export interface Rule {
  readonly what: string
  readonly measured: string
  readonly limit: string
  readonly held: boolean
}

/** Samples of a share of a run, `from` and `to` in [0, 1]. */
function share(samples: readonly Sample[], from: number, to: number): readonly Sample[] {
  return samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to))
}

/** Growth per hour by least squares, in bytes. */
export function growthPerHour(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(samples.map((sample) => sample.at))
  const value = mean(samples.map(of))
  let above = 0
  let below = 0
  for (const sample of samples) {
    above += (sample.at - at) * (of(sample) - value)
    below += (sample.at - at) ** 2
  }
  return (above / below) * 3600
}

const megabytes = (bytes: number): string => `${(bytes / MEGABYTE).toFixed(2)} MB`

/**
 * What "memory is flat" means. The first quarter warms up: code is compiled, and V8 finds the sizes of
 * its spaces. From then on the heap after a full collection must not grow, and what the system has
 * given must not, either. A run of a few minutes is warm-up: it only finds what leaks fast.
 */
export function memoryRules(samples: readonly Sample[], minutes: number): Rule[] {
  const [second, last] = [share(samples, 0.25, 0.5), share(samples, 0.75, 1)]
  const middle = (list: readonly Sample[], of: (sample: Sample) => number): number =>
    median(list.map(of))
  const growth = (of: (sample: Sample) => number): number => middle(last, of) - middle(second, of)
  const heap = growth(({ heapBytes }) => heapBytes)
  const rss = growth(({ rssBytes }) => rssBytes)
  const rssLimit = 0.1 * middle(second, ({ rssBytes }) => rssBytes)
  const slope = growthPerHour(share(samples, 0.5, 1), ({ heapBytes }) => heapBytes)
  const heapLimit = (minutes < 10 ? 2 : 0.5) * MEGABYTE
  const rules = [
    {
      what: 'heap, median of the last quarter over that of the second',
      measured: megabytes(heap),
      limit: `at most ${megabytes(heapLimit)}`,
      held: heap <= heapLimit,
    },
  ]
  if (minutes < 10) return rules
  return [
    ...rules,
    {
      what: 'heap, growth over the second half',
      measured: `${megabytes(slope)} an hour`,
      limit: 'at most 1.00 MB an hour',
      held: slope <= MEGABYTE,
    },
    {
      what: 'RSS, median of the last quarter over that of the second',
      measured: megabytes(rss),
      limit: `at most ${megabytes(rssLimit)} (a tenth)`,
      held: rss <= rssLimit,
    },
  ]
}

/** Sockets, descriptors and timers are those of before there were clients. */
export function restRules(before: Sample, after: Sample): Rule[] {
  return (['sockets', 'descriptors', 'timers'] as const).map((name) => ({
    what: `${name} at the end`,
    measured: String(after[name]),
    limit: `at most the ${before[name]} of the start`,
    held: after[name] <= before[name],
  }))
}
