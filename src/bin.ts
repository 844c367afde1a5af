import { constants } from 'node:os'
import { main } from './cli/main.js'
import { COMMANDS } from './commands.js'
import { systemClock } from './system-clock.js'

const ending = new AbortController()
let endedBy: 'SIGINT' | 'SIGTERM' | undefined
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second one ends the process at once.
  process.once(name, () => {
    endedBy ??= name
    ending.abort()
  })
}

// A reader that went away ends the program the way it ends any other one, without a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exitCode = error.code === 'EPIPE' ? 0 : 1
  process.exit()
})

// A log collector that went away must not end a server.
process.stderr.on('error', () => {})

void main(COMMANDS, process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  signal: ending.signal,
  stderrIsTerminal: process.stderr.isTTY,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
}).then((status) => {
  // As a shell reports it, unless the command ended well because it was asked to end.
  const interrupted = endedBy !== undefined && status !== 0
  process.exitCode = interrupted ? 128 + constants.signals[endedBy ?? 'SIGTERM'] : status
})
