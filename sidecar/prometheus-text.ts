/** One metric as a monitoring system sees it. */
export interface Metric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Names of the labels, in the order in which values are given. */
  readonly labels: readonly string[]
  /** One sentence for people. */
  readonly help: string
}

/** Values of the labels of a metric, in its order. */
export type LabelValues = readonly string[]

/** One number of a metric. */
export interface Sample {
  readonly values: LabelValues
  readonly value: number
}

/** Content type of {@link familyText}. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** A number that only grows, one for each combination of label values. */
export interface Counter {
  add(...values: LabelValues): void
  samples(): readonly Sample[]
}

/** A counter. What it starts with is shown as 0, so that the first event shows as an increase. */
export function createCounter(start: readonly LabelValues[] = []): Counter {
  const held = new Map<string, { readonly values: LabelValues; value: number }>()
  for (const values of start) held.set(values.join('\n'), { values, value: 0 })
  return {
    add(...values) {
      const key = values.join('\n')
      const found = held.get(key)
      if (found) found.value++
      else held.set(key, { values, value: 1 })
    },
    samples: () => [...held.values()],
  }
}

/** How often a duration was at most each bound. */
export interface Histogram {
  observe(value: number): void
  /** Lines of the buckets, the sum and the count. */
  text(name: string): string
}

/**
 * A histogram without observations.
 *
 * @param bounds Upper bounds, growing; one without an end is added.
 */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let sum = 0
  return {
    observe(value) {
      const index = bounds.findIndex((bound) => value <= bound)
      const bucket = index < 0 ? bounds.length : index
      counts[bucket] = (counts[bucket] ?? 0) + 1
      sum += value
    },
    text(name) {
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        return line(`${name}_bucket`, ['le'], [number(bounds[index] ?? Infinity)], total)
      })
      return (
        buckets.join('') + line(`${name}_sum`, [], [], sum) + line(`${name}_count`, [], [], total)
      )
    },
  }
}

/**
 * A metric with its samples in the text format 0.0.4.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function familyText(metric: Metric, samples: readonly Sample[] | Histogram): string {
  const { name, type, labels, help } = metric
  const head = `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n`
  if ('observe' in samples) return head + samples.text(name)
  return head + samples.map(({ values, value }) => line(name, labels, values, value)).join('')
}

function line(name: string, labels: readonly string[], values: LabelValues, value: number): string {
  const pairs = labels.map((label, index) => `${label}="${quoted(values[index] ?? '')}"`)
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${number(value)}\n`
}

/** Go's way to write a number, which is JavaScript's but for the infinities. */
function number(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const quoted = (text: string): string => escape(text).replaceAll('"', '\\"')
