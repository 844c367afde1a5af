import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Measured } from './cell.js'
import type { CrowdResult } from './crowd.js'

const DOCUMENT = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

const row = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`

const HEADINGS = [
  'Fault',
  'Client',
  '200',
  '503',
  'no answer',
  'slowest',
  'least life',
  'calls',
  'session again',
  'renewed',
  'result',
]

const milliseconds = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

const seconds = (ms: number | undefined): string =>
  ms === undefined ? 'never' : `${(Math.max(ms, 0) / 1000).toFixed(1)} s`

/** One row of the table. */
export function tableRow(cell: Measured): string {
  const { statuses, wrongs } = cell
  return row([
    cell.fault.name,
    cell.client,
    String(statuses.get(200) ?? 0),
    String(statuses.get(503) ?? 0),
    String(cell.unanswered),
    milliseconds(cell.slowestMs),
    `${Math.round(cell.leastLifeMs / 1000)} s`,
    String(cell.calls),
    seconds(cell.sessionAfterMs),
    seconds(cell.renewedAfterMs),
    verdict(wrongs),
  ])
}

/** The head of the table. */
export const tableHead = (): string => `${row(HEADINGS)}\n${row(HEADINGS.map(() => '---'))}`

const CROWD_HEADINGS = ['Crowd', 'answers', 'p50', 'p99', 'slowest', 'calls', 'result']

/** All crowds. */
export function crowdTable(crowds: readonly CrowdResult[]): string {
  const rows = crowds.map(({ what, answers, latenciesMs, calls, wrongs, unknown }) => {
    const share = (part: number): string =>
      milliseconds(latenciesMs[Math.ceil(latenciesMs.length * part) - 1] ?? Number.NaN)
    const times = [share(0.5), share(0.99), share(1)]
    return row([what, String(answers), ...times, String(calls), verdict(wrongs, unknown)])
  })
  return [row(CROWD_HEADINGS), row(CROWD_HEADINGS.map(() => '---')), ...rows].join('\n')
}

function verdict(wrongs: readonly string[], unknown?: string): string {
  if (wrongs.length === 0) return 'kept'
  return unknown === undefined ? `**broken**: ${wrongs.join(', ')}` : `not known: ${unknown}`
}

/** What it was measured on. */
export const machine = (): string =>
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'} × ${cpus().length}, ${process.platform}`

/** Puts the text between the two marks of the document that name it. */
export function writeBetweenMarks(name: string, text: string): void {
  const before = readFileSync(DOCUMENT, 'utf8')
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`]
  const [from, to] = [before.indexOf(start), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no marks for ${name}`)
  const after = `${before.slice(0, from + start.length)}\n${text}\n\n${before.slice(to)}`
  writeFileSync(DOCUMENT, after)
}
