import { BIN_SECONDS, type Recording } from './recorder.js'

/** What one column of an image shows. */
export interface Column {
  readonly title: string
  readonly recording: Recording
  readonly pods: number
  readonly quotaPerSecond: number
}

const WIDTH = 1080
const HEIGHT = 470
const COLUMN = { left: 66, top: 92, width: 270, gap: 70 }
const RATE = { top: COLUMN.top, height: 190 }
const WITHOUT = { top: 330, height: 80 }
/** Most points of a line: more cannot be told apart. */
const POINTS = 180
/** Lowest and highest power of ten of the axis of calls. */
const DECADES = { low: -1, high: 5 }

// A card of its own with a colour of its own: it can be read on a light page and on a dark one.
const STYLE = `
  .card { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
  .title { font-size: 16px; font-weight: 600 }
  .name { font-weight: 600 }
  .soft { fill: #59636e }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .line { fill: none; stroke-width: 1.8; stroke-linejoin: round }
  .session { stroke: #0969da } .throttled { stroke: #bc4c00 } .unreachable { stroke: #818b98 }
  .quota { stroke: #1a7f37; stroke-width: 1.5; stroke-dasharray: 6 4 }
  .without { stroke: #8250df; fill: #8250df; fill-opacity: 0.2 }
  @media (prefers-color-scheme: dark) {
    .card { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #2a313c }
    .session { stroke: #58a6ff } .throttled { stroke: #f0883e } .unreachable { stroke: #9198a1 }
    .quota { stroke: #3fb950 } .without { stroke: #ab7df8; fill: #ab7df8 }
  }`

const LEGEND = [
  ['session', 'sessions issued'],
  ['throttled', 'calls throttled'],
  ['unreachable', 'calls without an answer'],
  ['quota', 'quota'],
  ['without', 'pods without a session'],
] as const

/** An image with a column for each fleet: calls a second above, pods without a session below. */
export function plot(title: string, columns: readonly Column[]): string {
  const parts = columns.map((column, index) =>
    drawColumn(column, COLUMN.left + index * (COLUMN.width + COLUMN.gap), index === 0),
  )
  let end = COLUMN.left
  const legend = LEGEND.map(([name, label]) => {
    const x = end
    end += 62 + 6.5 * label.length
    return `<line class="line ${name}" x1="${x}" y1="52" x2="${x + 22}" y2="52"/>${words(x + 28, 56, label)}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>`,
    words(20, 28, title, 'title'),
    ...legend,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

function drawColumn(column: Column, left: number, labelled: boolean): string {
  const { recording, pods, quotaPerSecond } = column
  const hours = (recording.without.length * BIN_SECONDS) / 3600
  const x = (share: number): number => left + share * COLUMN.width
  const right = left + COLUMN.width
  const parts = [words(left, COLUMN.top - 14, column.title, 'name')]

  for (let power = DECADES.low; power <= DECADES.high; power++) {
    const y = rateY(10 ** power)
    parts.push(horizontal(left, right, y, 'grid'))
    parts.push(words(left - 6, y + 4, decade(power), 'soft', 'end'))
  }
  for (const share of [0, 0.5, 1]) {
    const y = WITHOUT.top + WITHOUT.height * (1 - share)
    parts.push(horizontal(left, right, y, 'grid'))
    parts.push(words(left - 6, y + 4, `${share * 100}%`, 'soft', 'end'))
  }
  const step = hours > 8 ? 6 : hours > 3 ? 1 : 0.5
  for (let hour = 0; hour <= hours; hour += step) {
    const at = x(hour / hours)
    parts.push(words(at, WITHOUT.top + WITHOUT.height + 18, `${hour}`, 'soft', 'middle'))
  }
  parts.push(words(x(0.5), HEIGHT - 14, 'hours', 'soft', 'middle'))
  if (labelled) {
    parts.push(sideways(18, RATE.top + RATE.height / 2, 'calls per second'))
    parts.push(sideways(18, WITHOUT.top + WITHOUT.height / 2, 'pods without'))
  }
  for (const name of ['unreachable', 'throttled', 'session'] as const) {
    parts.push(rateLine(thinned(recording.rates[name]), name, x))
  }
  parts.push(horizontal(left, right, rateY(quotaPerSecond), 'quota'))
  const without = thinned(recording.without).map((value) => value / pods)
  const bottom = WITHOUT.top + WITHOUT.height
  const outline = without.map((share, index) =>
    point(x((index + 0.5) / without.length), bottom - share * WITHOUT.height),
  )
  parts.push(
    `<path class="line without" d="M${point(left, bottom)}L${outline.join('L')}L${point(right, bottom)}Z"/>`,
  )
  return parts.join('\n')
}

/** A line that stops where nothing was called: a logarithm has no zero. */
function rateLine(rates: readonly number[], name: string, x: (share: number) => number): string {
  const strokes: string[] = []
  let drawing = false
  for (const [index, rate] of rates.entries()) {
    if (rate > 0) {
      const to = point(x((index + 0.5) / rates.length), rateY(rate))
      strokes.push(drawing ? `L${to}` : `M${to}h1`)
    }
    drawing = rate > 0
  }
  return `<path class="line ${name}" d="${strokes.join('')}"/>`
}

/** Averages of as many neighbours as it takes to have {@link POINTS}. */
function thinned(values: readonly number[]): number[] {
  const width = Math.max(1, Math.ceil(values.length / POINTS))
  const means: number[] = []
  for (let from = 0; from < values.length; from += width) {
    const some = values.slice(from, from + width)
    means.push(some.reduce((total, value) => total + value, 0) / some.length)
  }
  return means
}

function rateY(rate: number): number {
  const { low, high } = DECADES
  const power = Math.min(high, Math.max(low, Math.log10(rate)))
  return RATE.top + RATE.height * (1 - (power - low) / (high - low))
}

const decade = (power: number): string =>
  power < 3 ? String(10 ** power) : `${10 ** (power - 3)}k`

const point = (x: number, y: number): string => `${x.toFixed(1)} ${y.toFixed(1)}`

const horizontal = (x1: number, x2: number, y: number, name: string): string =>
  `<line class="${name}" x1="${x1}" y1="${y.toFixed(1)}" x2="${x2}" y2="${y.toFixed(1)}"/>`

function words(x: number, y: number, text: string, name = '', anchor = 'start'): string {
  const attributes = `${name && ` class="${name}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escape(text)}</text>`
}

const sideways = (x: number, y: number, text: string): string =>
  `<text class="soft" text-anchor="middle" transform="translate(${x} ${y}) rotate(-90)">${escape(text)}</text>`

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
