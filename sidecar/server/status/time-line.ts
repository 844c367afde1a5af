import { html, type Html } from './html.js'
import { dateText, instantText, timeText } from './relative-time.js'

/** A stretch of time that bars are drawn on. */
export interface TimeLine {
  readonly from: Date
  readonly to: Date
}

/** One bar of a time line. */
export interface Bar {
  readonly from: Date
  readonly to: Date
  /** What it shows, for those who do not see it. */
  readonly label: string
  /** A diamond at this instant. */
  readonly mark?: Date
}

/** At least this much is shown, so that a few seconds do not fill the page. */
const MIN_SPAN_MS = 10 * 60_000

const MAX_TICKS = 4

const MINUTE_MS = 60_000

const TICK_STEPS_MS = [2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440].map(
  (minutes) => minutes * MINUTE_MS,
)

/** The time line that has room for all instants and for now. */
export function timeLineOf(instants: readonly (Date | undefined)[], now: Date): TimeLine {
  const known = [now, ...instants.filter((at) => at !== undefined)].map((at) => at.getTime())
  const first = Math.min(...known)
  const last = Math.max(...known, first + MIN_SPAN_MS)
  const marginMs = (last - first) / 50
  return { from: new Date(first - marginMs), to: new Date(last + marginMs) }
}

/**
 * Draws a bar, what has passed of it in a quieter colour, with a line at now. Positions are shares
 * of the width, so it fits any page.
 */
export function barSvg(line: TimeLine, bar: Bar | undefined, now: Date): Html {
  return html`<svg class="bar" role="img" aria-label="${bar?.label ?? 'no session'}" height="24">
    <rect class="track" width="100%" y="6" height="12" rx="3" />
    ${bar && stretches(line, bar, now)} ${bar?.mark && diamond(line, bar.mark)}
    <rect class="now" x="${position(line, now)}" y="1" width="2" height="22" />
  </svg>`
}

/** What has passed, and what is left. */
function stretches(line: TimeLine, { from, to }: Bar, now: Date): Html[] {
  const split = new Date(clamp(now.getTime(), from.getTime(), to.getTime()))
  const stretch = (kind: string, start: Date, end: Date): Html[] => {
    if (end <= start) return []
    const width = percent(share(line, end) - share(line, start))
    const x = position(line, start)
    return [html`<rect class="${kind}" x="${x}" width="${width}" y="6" height="12" rx="3" />`]
  }
  return [...stretch('past', from, split), ...stretch('left', split, to)]
}

/** An inner drawing of its own, since a path cannot be placed by a share of the width. */
function diamond(line: TimeLine, at: Date): Html {
  return html`<svg class="mark" x="${position(line, at)}" overflow="visible">
    <path d="M0 5.5 6.5 12 0 18.5-6.5 12Z" />
  </svg>`
}

/** The scale below the bars, at most four times of day in UTC. */
export function scaleSvg(line: TimeLine): Html {
  const ticks = ticksOf(line)
  const sameDay = dateText(line.from) === dateText(line.to)
  const texts = ticks.map((at) => {
    const clock = timeText(at).slice(0, 5)
    const text = sameDay || clock !== '00:00' ? clock : dateText(at).slice(5)
    return html`<svg x="${position(line, at)}" overflow="visible">
      <path d="M0 0V5" />
      <text y="17" text-anchor="${anchorOf(line, at)}">${text}</text>
    </svg>`
  })
  const label = `scale from ${instantText(line.from)} to ${instantText(line.to)}`
  return html`<svg class="scale" role="img" aria-label="${label}" height="20">${texts}</svg>`
}

/** Round times within the line, at most four. */
export function ticksOf({ from, to }: TimeLine): Date[] {
  const spanMs = to.getTime() - from.getTime()
  const dayMs = 24 * 60 * MINUTE_MS
  const stepMs =
    TICK_STEPS_MS.find((step) => spanMs / step < MAX_TICKS) ??
    (Math.floor(spanMs / MAX_TICKS / dayMs) + 1) * dayMs
  const first = Math.ceil(from.getTime() / stepMs) * stepMs
  const ticks: Date[] = []
  for (let at = first; at <= to.getTime(); at += stepMs) ticks.push(new Date(at))
  return ticks
}

/** Text near an edge would be cut off. */
function anchorOf(line: TimeLine, at: Date): 'start' | 'middle' | 'end' {
  const position = share(line, at)
  if (position < 0.06) return 'start'
  return position > 0.94 ? 'end' : 'middle'
}

function share({ from, to }: TimeLine, at: Date): number {
  const spanMs = to.getTime() - from.getTime()
  return clamp(spanMs > 0 ? (at.getTime() - from.getTime()) / spanMs : 0, 0, 1)
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

const position = (line: TimeLine, at: Date): string => percent(share(line, at))

const percent = (part: number): string => `${(part * 100).toFixed(2)}%`
