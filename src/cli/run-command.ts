import type { Command, Io } from './command.js'
import { parseArguments } from './parse-arguments.js'
import { VERSION } from '../version.js'
import { PROGRAM_FLAGS, WORKLOAD_FLAGS } from './setting-flags.js'

/** Parses the arguments of a command and runs it, or prints its help. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  io: Io,
): Promise<number | undefined> {
  const own = command.flags.filter((flag) => !WORKLOAD_FLAGS.includes(flag))
  const end = args.indexOf('--')
  const before = end < 0 ? args : args.slice(0, end)
  if (before.includes('--help') || before.includes('-h')) {
    const { commandHelp } = await import('./help.js')
    const workload = command.flags.filter((flag) => WORKLOAD_FLAGS.includes(flag))
    io.stdout(
      commandHelp(command, [
        { title: 'Flags', flags: own },
        { title: 'Identity and service', flags: workload },
        { title: 'Everywhere', flags: PROGRAM_FLAGS },
      ]),
    )
    return 0
  }
  if (before.includes('--version')) {
    io.stdout(`${VERSION}\n`)
    return 0
  }
  const flags = [...command.flags, ...PROGRAM_FLAGS]
  return command.run(parseArguments(command, flags, args), io)
}
