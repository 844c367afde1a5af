import { PROGRAM_FLAGS } from '../src/cli/setting-flags.js'
import { UNSUPPORTED_FLAGS } from '../src/cli/unsupported-flags.js'
import { COMMANDS } from '../src/commands.js'
import type { CommandFlags } from './docs/flags.js'

/** The flags that the program has, read from its own tables. */
export async function readCommandFlags(): Promise<CommandFlags> {
  const flags = new Map<string, ReadonlySet<string>>([
    ['', new Set(PROGRAM_FLAGS.map(({ name }) => name))],
    // Documents say why these are refused; no command has this name.
    ['(refused)', new Set(Object.keys(UNSUPPORTED_FLAGS))],
  ])
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load()
    flags.set(name, new Set(command.flags.map((flag) => flag.name)))
  }
  return flags
}
