import type { Command, Flag } from './command.js'

const PROGRAM = 'rolesanywhere'
const WIDTH = 100

/** Help text of one command. */
export function commandHelp(
  command: Command,
  groups: readonly { readonly title: string; readonly flags: readonly Flag[] }[],
): string {
  const sections = groups
    .filter(({ flags }) => flags.length > 0)
    .map(({ title, flags }) => `${title}:\n${flagTable(flags)}`)
  return [
    `${command.summary}.`,
    `Usage: ${PROGRAM} ${command.usage}`,
    ...(command.description === undefined ? [] : [command.description.trim()]),
    `Example:\n  ${PROGRAM} ${command.example}`,
    ...sections,
  ]
    .join('\n\n')
    .concat('\n')
}

/** Help text of the whole program: the commands, a line each. */
export function programHelp(
  commands: readonly { readonly name: string; readonly summary: string }[],
): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return `AWS credentials from an X.509 certificate, with IAM Roles Anywhere.

Usage: ${PROGRAM} COMMAND [flags]

Commands:
${lines.join('\n')}

"${PROGRAM} COMMAND --help" explains one of them.

Example:
  ${PROGRAM} credential-process --certificate tls.crt --private-key tls.key \\
    --trust-anchor-arn ARN --profile-arn ARN --role-arn ARN
`
}

function flagTable(flags: readonly Flag[]): string {
  const named = flags.map(({ name, short, value, help }) => ({
    left: `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  }))
  const width = Math.max(...named.map(({ left }) => left.length)) + 2
  return named
    .map(
      ({ left, help }) =>
        left.padEnd(width) + wrap(help, WIDTH - width).join(`\n${' '.repeat(width)}`),
    )
    .join('\n')
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines
}
