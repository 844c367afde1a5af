import { EXIT_STATUS } from './exit-status.js'
import type { Command, Io } from './command.js'
import { kindOf, RolesAnywhereError } from '../errors.js'
import { nearest } from './nearest.js'
import { runCommand } from './run-command.js'
import { VERSION } from '../version.js'

/** What the program can do: commands by name, loaded when they are run. */
export type CommandTable = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
>

/**
 * Runs one command line. Never calls process.exit, never throws.
 *
 * @param args Arguments after the program's name.
 * @returns the exit status.
 */
export async function main(
  commands: CommandTable,
  args: readonly string[],
  io: Io,
): Promise<number> {
  try {
    return (await dispatch(commands, args, io)) ?? 0
  } catch (error) {
    return report(error, io)
  }
}

async function dispatch(
  commands: CommandTable,
  args: readonly string[],
  io: Io,
): Promise<number | undefined> {
  const [first, second] = args
  if (first === 'help' && second !== undefined) {
    return dispatch(commands, [...args.slice(1), '--help'], io)
  }
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const { programHelp } = await import('./help.js')
    const rows = Object.entries(commands).map(([name, { summary }]) => ({ name, summary }))
    io.stdout(programHelp(rows))
    return 0
  }
  if (/^(--version|version|-[vV])$/.test(first)) {
    io.stdout(`${VERSION}\n`)
    return 0
  }
  const twoWords = `${first} ${second ?? ''}`
  const name = Object.hasOwn(commands, twoWords) ? twoWords : first
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!entry) throw unknownCommand(commands, first, second)
  return runCommand(await entry.load(), args.slice(name.split(' ').length), io)
}

function unknownCommand(
  commands: CommandTable,
  first: string,
  second: string | undefined,
): RolesAnywhereError {
  if (/^-+[a-z]/.test(first)) throw flagFirst(first)
  const names = Object.keys(commands)
  const group = names.filter((name) => name.startsWith(`${first} `))
  const guess = nearest(group.length > 0 ? `${first} ${second ?? ''}` : first, names)
  const hint =
    guess === undefined
      ? `commands: ${(group.length > 0 ? group : names).join(', ')}`
      : `did you mean "${guess}"?`
  const what = group.length > 0 && second !== undefined ? `${first} ${second}` : first
  return new RolesAnywhereError('ERR_RA_COMMAND_UNKNOWN', `unknown command "${printable(what)}"`, {
    hint,
  })
}

/** Programs of Go take flags with one dash, and before the command. */
function flagFirst(first: string): RolesAnywhereError {
  // Without a value, which may be nobody's business.
  const [, name = ''] = /^-+([a-z][\w-]*)/.exec(first) ?? []
  return new RolesAnywhereError('ERR_RA_COMMAND_UNKNOWN', `--${printable(name)} is not a command`, {
    hint: `a command comes first: rolesanywhere COMMAND --${printable(name)}; see --help`,
  })
}

/** What somebody typed, without what would confuse a terminal. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)

/** A path may hold line feeds, and what moves the cursor of a terminal. */
const oneLine = (text: string): string => text.replace(/\p{Cc}/gu, '?')

/** One line `error:`, one line `hint:`; more would drown them in the log of the program that called. */
function report(error: unknown, io: Io): number {
  // Whoever sent the signal knows why the program ends.
  if (io.signal.aborted && error === io.signal.reason) return EXIT_STATUS.internal
  if (error instanceof RolesAnywhereError) {
    io.stderr(`error: ${oneLine(error.message)} (${error.code})\n`)
    if (error.hint !== undefined) io.stderr(`hint: ${oneLine(error.hint)}\n`)
  } else {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    io.stderr(`error: this is a bug: ${text}\n`)
  }
  return EXIT_STATUS[kindOf(error)]
}
