import type { Command } from '../src/cli/command.js'
import { parseArguments } from '../src/cli/parse-arguments.js'
import { PROGRAM_FLAGS } from '../src/cli/setting-flags.js'
import { COMMANDS } from '../src/commands.js'
import type { FaultOfArguments } from './docs/command-lines.js'

/** Reads arguments as the program does, by its own tables, and runs nothing. */
export async function readCommandArguments(): Promise<FaultOfArguments> {
  const commands = new Map<string, Command>()
  for (const [name, entry] of Object.entries(COMMANDS)) commands.set(name, await entry.load())
  return (args) => {
    if (/^(-h|-v|--help|--version|help)$/.test(args[0] ?? '')) return undefined
    const words = commands.has(args.slice(0, 2).join(' ')) ? 2 : 1
    const command = commands.get(args.slice(0, words).join(' '))
    if (!command) return 'no such command'
    const rest = args.slice(words)
    if (rest.includes('--help')) return undefined
    try {
      parseArguments(command, [...command.flags, ...PROGRAM_FLAGS], rest)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}
