import { constants } from 'node:os'
import { EXIT_STATUS } from './cli/exit-status.js'
import type { Command } from './cli/command.js'
import { type CommandTable, main } from './cli/main.js'
import { isTerminal, whenWritten, writeErr, writeOut } from './standard-output.js'
import { systemClock } from './system-clock.js'

/** Runs the process's own command line, and gives the process its streams, signals and exit status. */
export function runProcess(commands: CommandTable): void {
  const ending = new AbortController()
  let endedBy: 'SIGINT' | 'SIGTERM' | undefined
  const taken = new Set<NodeJS.Signals>()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    const end = (): void => {
      if (taken.has(name)) return
      // A second one ends the process at once.
      process.off(name, end)
      endedBy ??= name
      ending.abort()
    }
    process.on(name, end)
  }

  const io = {
    env: process.env,
    clock: systemClock,
    signal: ending.signal,
    onSignal(names: readonly NodeJS.Signals[], listener: (name: NodeJS.Signals) => void) {
      for (const name of names) {
        taken.add(name)
        process.on(name, listener)
      }
      return () => {
        for (const name of names) {
          taken.delete(name)
          process.off(name, listener)
        }
      }
    },
    get stderrIsTerminal() {
      return isTerminal(2)
    },
    get stdin() {
      return process.stdin
    },
    stdout: (text: string | Uint8Array) =>
      writeOut(text, (error) => process.exit(statusOfLostOutput(error))),
    // A log collector that went away must not end a server.
    stderr: (text: string) => writeErr(text, () => {}),
  }
  void main(commands, process.argv.slice(2), io).then((status) => {
    // As a shell reports it, unless the command ended well because it was asked to end.
    const interrupted = endedBy !== undefined && status !== 0
    const code = interrupted ? 128 + constants.signals[endedBy ?? 'SIGTERM'] : status
    // Not left to the end of the event loop: closing what is still open takes milliseconds.
    whenWritten(() => process.exit(code))
  })
}

/** A command for the table of a program that has it inside instead of loading it. */
export const inside = (command: Command): CommandTable[string] => ({
  summary: command.summary,
  load: async () => Promise.resolve(command),
})

/** A reader that went away, as `head` does, is no failure; a full disk is one. */
function statusOfLostOutput({ code }: NodeJS.ErrnoException): number {
  if (code === 'EPIPE') return 0
  writeErr(`error: cannot write to standard output (${code ?? 'unknown error'})\n`, () => {})
  return EXIT_STATUS.internal
}
