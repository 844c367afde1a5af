import { constants } from 'node:os'
import { type CommandTable, main } from './cli/main.js'
import { systemClock } from './system-clock.js'

/** Runs the process's own command line, and gives the process its streams, signals and exit status. */
export function runProcess(commands: CommandTable): void {
  const ending = new AbortController()
  let endedBy: 'SIGINT' | 'SIGTERM' | undefined
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second one ends the process at once.
    process.once(name, () => {
      endedBy ??= name
      ending.abort()
    })
  }

  // A reader that went away ends the program without a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exitCode = error.code === 'EPIPE' ? 0 : 1
    process.exit()
  })
  // A log collector that went away must not end a server.
  process.stderr.on('error', () => {})

  const io = {
    env: process.env,
    clock: systemClock,
    signal: ending.signal,
    stderrIsTerminal: process.stderr.isTTY,
    stdout: (text: string) => void process.stdout.write(text),
    stderr: (text: string) => void process.stderr.write(text),
  }
  void main(commands, process.argv.slice(2), io).then((status) => {
    // As a shell reports it, unless the command ended well because it was asked to end.
    const interrupted = endedBy !== undefined && status !== 0
    const code = interrupted ? 128 + constants.signals[endedBy ?? 'SIGTERM'] : status
    // Not left to the end of the event loop: closing what is still open takes milliseconds, and what
    // was written is out by the time that an empty write is.
    process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
  })
}
