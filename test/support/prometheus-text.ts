/** One line with a number. */
export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric with everything that was said of it. */
export interface ParsedFamily {
  readonly help: string
  readonly type: string
  readonly samples: readonly ParsedSample[]
}

interface OpenFamily {
  help: string
  type: string
  samples: ParsedSample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf)|NaN'

const HELP_LINE = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])+)$`)
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`)
const SAMPLE_LINE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (${NUMBER})$`)

/**
 * Reads the Prometheus text format 0.0.4, and refuses more than Prometheus does: each family must
 * come in one piece, with HELP and TYPE, with each combination of labels once, and histograms must
 * add up.
 *
 * @throws Error on anything else.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function parsePrometheusText(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, OpenFamily>()
  let open: [name: string, family: OpenFamily] | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP_LINE.exec(line)
    const type = TYPE_LINE.exec(line)
    const sample = SAMPLE_LINE.exec(line)
    if (help) {
      const [, name = '', words = ''] = help
      if (families.has(name)) throw new Error(`${name} is told twice`)
      open = [name, { help: words, type: '', samples: [] }]
      families.set(...open)
    } else if (type) {
      const [, name, kind = ''] = type
      if (!open || name !== open[0] || open[1].type !== '') throw new Error(`misplaced: ${line}`)
      open[1].type = kind
    } else if (sample) {
      const [, name = '', labels = '', number = ''] = sample
      if (!open || !belongs(name, open[0], open[1].type)) throw new Error(`misplaced: ${line}`)
      open[1].samples.push({ name, labels: labelsOf(labels), value: valueOf(number) })
    } else throw new Error(`not a line of the format: ${line}`)
  }
  for (const [name, family] of families) check(name, family)
  return families
}

function belongs(name: string, family: string, type: string): boolean {
  if (type === '') return false
  if (type !== 'histogram') return name === family
  return ['_bucket', '_sum', '_count'].some((suffix) => name === family + suffix)
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [, name = '', raw = ''] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    if (name in labels) throw new Error(`label ${name} is given twice`)
    labels[name] = raw.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

const valueOf = (text: string): number => Number(text.replace('Inf', 'Infinity'))

function check(name: string, { type, samples }: OpenFamily): void {
  if (type === '') throw new Error(`${name} has no type`)
  const keys = samples.map((sample) => JSON.stringify([sample.name, sample.labels]))
  if (new Set(keys).size !== keys.length) throw new Error(`${name} has a sample twice`)
  if (type === 'counter') {
    if (!name.endsWith('_total')) throw new Error(`${name} is a counter without _total`)
    if (samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is below 0`)
  }
  if (type === 'histogram') checkHistogram(name, samples)
}

/** Of histograms without labels, which are all there are. */
function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const of = (suffix: string): ParsedSample[] =>
    samples.filter((sample) => sample.name === name + suffix)
  const buckets = of('_bucket').map(({ labels, value }) => ({
    bound: valueOf(labels['le'] ?? 'NaN'),
    value,
  }))
  for (const [index, { bound, value }] of buckets.entries()) {
    const before = buckets[index - 1]
    if (Number.isNaN(bound)) throw new Error(`${name} has a bucket without a bound`)
    if (before && !(before.bound < bound && before.value <= value)) {
      throw new Error(`${name} has buckets that do not grow`)
    }
  }
  const last = buckets.at(-1)
  if (last?.bound !== Infinity) throw new Error(`${name} has no bucket for everything`)
  if (of('_sum').length !== 1) throw new Error(`${name} has no sum`)
  if (of('_count')[0]?.value !== last.value) throw new Error(`${name} has another count`)
}
