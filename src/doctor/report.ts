import { type CheckResult, type Group, GROUPS } from './check.js'
import type { Finding, Status } from './finding.js'

const MARKS: Readonly<Record<Status, string>> = {
  ok: '✓',
  warning: '!',
  failed: '✗',
  skipped: '-',
}

/** Numbers of the terminal's own colours, so that they fit its background. */
const COLOURS: Readonly<Record<Status, number>> = { ok: 32, warning: 33, failed: 31, skipped: 90 }

/** Longer names push their messages to the right. */
const NAME_WIDTH = 24

/** How a report looks. */
export interface TextStyle {
  readonly colour: boolean
}

/** Turns results into text, in their order and as they come. */
export interface TextReporter {
  /** @returns what is to be written now. */
  add(result: CheckResult): string
  /** @returns the rest, with a summary. */
  end(results: readonly CheckResult[]): string
}

/**
 * A report for people: a heading for each group, a line for each check. Checks in a row that were
 * skipped for the same reason share a line.
 */
export function textReporter(style: TextStyle): TextReporter {
  let group: Group | undefined
  let held: readonly CheckResult[] = []

  function flush(): string {
    const [first] = held
    const names = held.map(({ id }) => id.slice(id.indexOf('.') + 1)).join(', ')
    held = []
    return first ? lineOf(names, first.finding, style) : ''
  }

  return {
    add(result) {
      const isSame = held.some((other) => sameSkip(other, result))
      const before = isSame ? '' : flush()
      const isNew = result.group !== group
      const heading = isNew ? `${group === undefined ? '' : '\n'}${GROUPS[result.group]}\n` : ''
      group = result.group
      held = [...held, result]
      return before + heading + (result.finding.status === 'skipped' ? '' : flush())
    },
    end: (results) => flush() + summaryLine(results, style),
  }
}

const sameSkip = (a: CheckResult, b: CheckResult): boolean =>
  a.group === b.group &&
  b.finding.status === 'skipped' &&
  a.finding.message === b.finding.message &&
  a.finding.hint === b.finding.hint

function lineOf(names: string, finding: Finding, style: TextStyle): string {
  const mark = painted(MARKS[finding.status], finding.status, style)
  const left = names.length > NAME_WIDTH ? `${names}:` : names.padEnd(NAME_WIDTH)
  const line = `  ${mark} ${left} ${printable(finding.message)}\n`
  return line + tailOf(finding)
}

/** Hints and causes, below their line. */
function tailOf({ hint, causes = [] }: Finding): string {
  const indent = ' '.repeat(6)
  const hints = hint === undefined ? '' : `${indent}hint: ${printable(hint)}\n`
  if (causes.length === 0) return hints
  const list = causes.map((cause, index) => `${indent}  ${index + 1}. ${printable(cause)}\n`)
  return `${indent}likely causes, the most frequent first:\n${list.join('')}${hints}`
}

function summaryLine(results: readonly CheckResult[], style: TextStyle): string {
  const { ok, warning, failed, skipped } = countsOf(results)
  const text = `${ok} ok, ${warning} to look at, ${failed} failed, ${skipped} skipped`
  const worst: Status = failed > 0 ? 'failed' : warning > 0 ? 'warning' : 'ok'
  return `\n${painted(text, worst, style)}\n`
}

/** How many results there are of each status. */
export function countsOf(results: readonly CheckResult[]): Readonly<Record<Status, number>> {
  const counts = { ok: 0, warning: 0, failed: 0, skipped: 0 }
  for (const { finding } of results) counts[finding.status] += 1
  return counts
}

/** The whole report for programs; docs/troubleshooting.md promises its shape. */
export function jsonReport(results: readonly CheckResult[]): string {
  const checks = results.map(({ id, group, finding }) => ({
    id,
    group,
    status: finding.status,
    message: finding.message,
    hint: finding.hint ?? null,
    causes: finding.causes ?? [],
    code: finding.status === 'failed' ? finding.error.code : null,
    kind: finding.status === 'failed' ? finding.error.kind : null,
    detail: finding.detail ?? {},
  }))
  return `${JSON.stringify({ version: 1, summary: countsOf(results), checks }, null, 2)}\n`
}

function painted(text: string, status: Status, { colour }: TextStyle): string {
  return colour ? `\u001b[${COLOURS[status]}m${text}\u001b[0m` : text
}

/** Names of files and certificates may hold anything; a terminal gets one line of text. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')
