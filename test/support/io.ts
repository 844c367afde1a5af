import type { Io } from '../../src/cli/command.js'
import { systemClock } from '../../src/system-clock.js'

/** An `Io` that keeps what is written. */
export interface RecordedIo extends Io {
  readonly written: { stdout: string; stderr: string }
  /** Asks the command to end, as SIGTERM does. */
  end(): void
}

/** The world of a command in a test: nothing of the process's own environment, real time. */
export function recordedIo(more: Partial<Io> = {}): RecordedIo {
  const written = { stdout: '', stderr: '' }
  const ending = new AbortController()
  return {
    env: {},
    clock: systemClock,
    signal: ending.signal,
    stderrIsTerminal: false,
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
    ...more,
    written,
    end: () => ending.abort(),
  }
}
