import type { Io } from '../../src/cli/command.js'
import { systemClock } from '../../src/system-clock.js'

/** An `Io` that keeps what is written; one character for each byte where bytes are. */
export interface RecordedIo extends Io {
  readonly written: { stdout: string; stderr: string }
  /** Asks the command to end, as SIGTERM does. */
  end(): void
  /** Sends a signal that the command took over; `false` when it did not. */
  raise(name: NodeJS.Signals): boolean
}

/** The world of a command in a test: nothing of the process's own environment, real time. */
export function recordedIo(more: Partial<Io> = {}): RecordedIo {
  const written = { stdout: '', stderr: '' }
  const ending = new AbortController()
  const taken = new Map<NodeJS.Signals, (name: NodeJS.Signals) => void>()
  return {
    env: {},
    clock: systemClock,
    signal: ending.signal,
    onSignal(names, listener) {
      for (const name of names) taken.set(name, listener)
      return () => names.forEach((name) => taken.delete(name))
    },
    stderrIsTerminal: false,
    stdout: (text) =>
      void (written.stdout +=
        typeof text === 'string' ? text : Buffer.from(text).toString('latin1')),
    stderr: (text) => void (written.stderr += text),
    ...more,
    written,
    end: () => ending.abort(),
    raise(name) {
      taken.get(name)?.(name)
      return taken.has(name)
    },
  }
}
