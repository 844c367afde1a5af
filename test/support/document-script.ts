/** Commands of a document that are run as they are written. */
export interface Step {
  /** The heading that it stands under. */
  readonly section: string
  /** Line of its first command. */
  readonly line: number
  readonly text: string
  /** A program that it calls and that not every machine has. */
  readonly needs: string | undefined
  /** What the document says that it prints; without it, the document says nothing. */
  readonly output: string | undefined
}

/**
 * Blocks of shell with `<!-- run -->` above them, in order. `<!-- run: PROGRAM -->` is for those that
 * need a program. A block of text that follows with nothing in between is what the commands print.
 */
export function stepsOf(markdown: string): Step[] {
  const steps: Step[] = []
  const block =
    /^<!-- run(?:: (\S+))? -->\n```sh\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm
  for (const { index, 1: needs, 2: text = '', 3: output } of markdown.matchAll(block)) {
    const before = markdown.slice(0, index)
    const section = [...before.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? ''
    steps.push({ section, line: before.split('\n').length + 2, text, needs, output })
  }
  return steps
}

/** A line that ends the output of a step; no command prints it. */
const END = '--- end of step'

/** One script of several steps, which share a shell as in a terminal. It stops where a command fails. */
export function scriptOf(steps: readonly Step[]): string {
  const blocks = steps.map(({ text }) => `{ ${text}\n} 2>&1\necho '${END}'`)
  // `set -m` gives jobs their numbers, as in a terminal.
  const tidy = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"
  return ['set -euo pipefail', 'set -m', tidy, ...blocks].join('\n')
}

/** What each step printed. The one that failed, and what comes after it, has printed no whole output. */
export function outputsOf(printed: string): { readonly text: string; readonly whole: boolean }[] {
  const parts = printed.split(`${END}\n`)
  return parts.map((text, index) => ({ text, whole: index < parts.length - 1 }))
}

/**
 * Compares what was printed with what a document shows. `…` stands for anything on its line, and on a
 * line of its own for any lines.
 */
export function isAsShown(printed: string, shown: string): boolean {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const line = (text: string): string => `${text.split('…').map(literal).join('.*')}\n`
  const pattern = shown
    .replace(/\n$/, '')
    .split('\n')
    .map((text) => (text === '…' ? '(?:.*\n)*' : line(text)))
  return new RegExp(`^${pattern.join('')}$`).test(printed)
}
