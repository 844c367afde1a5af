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

/** Growth per hour as the median of the slopes between all pairs, which a few outliers do not move. */
function steadyGrowthPerHour(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const slopes = samples.flatMap((from, index) =>
    samples.slice(index + 1).map((to) => (of(to) - of(from)) / (to.at - from.at)),
  )
  return median(slopes) * 3600
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

/**
 * What the program itself holds must not grow at all, so that limits can be a fifth and a tenth of the
 * others. V8 still adds some 30 kB to it at once, when an error first asks for the lines of a script: as
 * growth an hour, that would break a run of less than half an hour.
 */
export function dataRule(samples: readonly Sample[], minutes: number): Rule {
  const heap = ({ heapBytes }: Sample): number => heapBytes
  if (minutes < 30) {
    const quarter = (from: number): number => median(share(samples, from, from + 0.25).map(heap))
    const growth = quarter(0.75) - quarter(0.25)
    const limit = (minutes < 10 ? 0.2 : 0.1) * MEGABYTE
    return {
      what: 'heap without compilers, median of the last quarter over that of the second',
      measured: megabytes(growth),
      limit: `at most ${megabytes(limit)}`,
      held: growth <= limit,
    }
  }
  const growth = steadyGrowthPerHour(share(samples, 0.25, 1), heap)
  return {
    what: 'heap without compilers, growth over the last three quarters',
    measured: `${megabytes(growth)} an hour`,
    limit: `at most ${megabytes(0.1 * MEGABYTE)} an hour`,
    held: growth <= 0.1 * MEGABYTE,
  }
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
