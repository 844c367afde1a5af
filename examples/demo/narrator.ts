const WIDTH = 78

/** Tells the story of the demo on standard output. */
export interface Narrator {
  title(text: string): void
  /** A new numbered chapter. */
  step(text: string): void
  /** What happens, in prose. */
  say(text: string): void
  /** A command line, as the reader would type it. */
  command(text: string): void
  /** What a program printed. */
  output(text: string): void
}

/** A narrator; in colour when a person is watching. */
export function createNarrator(write: (text: string) => void, colour: boolean): Narrator {
  const paint = (code: number, text: string): string =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text
  const indent = (text: string, prefix: string): string =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => prefix + line)
      .join('\n')
  let steps = 0
  return {
    title: (text) => write(`${paint(1, text)}\n`),
    step: (text) => write(`\n${paint(1, `${++steps}. ${text}`)}\n`),
    say: (text) => write(`${indent(wrap(text), '   ')}\n`),
    command: (text) => write(`${indent(paint(36, `$ ${text}`), '   ')}\n`),
    output: (text) => write(`${indent(text, paint(2, '   | '))}\n`),
  }
}

function wrap(text: string): string {
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines.push(`${lines.pop() ?? ''} ${word}`)
    else lines.push(word)
  }
  return lines.join('\n')
}
