import type { Sample } from './program.js'
import type { Incident } from './trouble.js'

const WIDTH = 760
const HEIGHT = 240
const LEFT = 44
const BOTTOM = 24
const MEGABYTE = 1024 * 1024

/** Memory over time, with the time of each fault shaded, as an SVG picture. */
export function graph(samples: readonly Sample[], incidents: readonly Incident[]): string {
  const end = samples.at(-1)?.at ?? 1
  const top = Math.ceil(Math.max(...samples.map(({ rssBytes }) => rssBytes / MEGABYTE)) / 20) * 20
  const x = (at: number): string => (LEFT + (at / end) * (WIDTH - LEFT - 8)).toFixed(1)
  const y = (mb: number): string =>
    (HEIGHT - BOTTOM - (mb / top) * (HEIGHT - BOTTOM - 24)).toFixed(1)
  const line = (of: (sample: Sample) => number, colour: string): string =>
    `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${samples
      .map((sample) => `${x(sample.at)},${y(of(sample) / MEGABYTE)}`)
      .join(' ')}"/>`
  const text = (left: number | string, up: number | string, words: string, more = ''): string =>
    `<text x="${left}" y="${up}" ${more}>${words}</text>`
  const shades = incidents.map(({ from, to }) => {
    const until = Number.isNaN(to) ? end : to
    const width = Number(x(until)) - Number(x(from))
    return `<rect x="${x(from)}" y="20" width="${width.toFixed(1)}" height="${HEIGHT - BOTTOM - 20}" fill="#c0392b" opacity="0.12"/>`
  })
  const rows = Array.from({ length: top / 20 + 1 }, (_, index) => index * 20)
  const columns = Array.from({ length: Math.floor(end / 60 / 5) + 1 }, (_, index) => index * 5)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${shades.join('\n')}
${rows.map((mb) => `<path d="M${LEFT} ${y(mb)}H${WIDTH - 8}" stroke="#dddddd"/>${text(LEFT - 6, y(mb), String(mb), 'text-anchor="end" dy="4"')}`).join('\n')}
${columns.map((minute) => text(x(minute * 60), HEIGHT - 8, `${minute} min`)).join('\n')}
${line(({ rssBytes }) => rssBytes, '#1f6fb2')}
${line(({ heapBytes }) => heapBytes, '#2e8b57')}
${text(LEFT, 14, 'MB: RSS (blue), heap after a collection (green); shaded: a fault of the service')}
</svg>
`
}
