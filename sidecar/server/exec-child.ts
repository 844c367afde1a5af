import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Environment } from './exec-environment.js'

/** Signals that people and supervisors send to end a program or to tell it something. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** A terminal sends these to the command as well: passed on, they would come twice. */
const OF_TERMINALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']

/** How a command ended. */
export interface ChildEnding {
  /** Its exit status; 128 and the number of the signal that ended it; 127 or 126 as shells have them. */
  readonly status: number
  /** Why it could not be started. */
  readonly failure?: 'it does not exist' | 'it cannot be run'
}

/** A process of which everything but its end is somebody else's business. */
export interface Child {
  readonly ended: Promise<ChildEnding>
  send(signal: NodeJS.Signals): void
}

/** Where signals come from, as {@link SignalRelay} needs it. */
export type OnSignal = (
  names: readonly NodeJS.Signals[],
  listener: (name: NodeJS.Signals) => void,
) => () => void

/** Takes signals over for a command that is about to run. */
export interface SignalRelay {
  /** Aborted by the first signal that asks to end while there is no command yet. */
  readonly signal: AbortSignal
  /** Exit status after such a signal. */
  status(): number | undefined
  /** From now on, signals are passed on. */
  to(child: Child): void
  release(): void
}

/**
 * Starts taking signals over.
 *
 * @param onTerminal Whether a terminal controls this process: it sends `SIGINT` and `SIGQUIT` to the
 *   command itself.
 */
export function relaySignals(onSignal: OnSignal, onTerminal: boolean): SignalRelay {
  const interrupted = new AbortController()
  let endedBy: NodeJS.Signals | undefined
  let child: Child | undefined
  const known = SIGNALS.filter((name) => name in constants.signals)
  const release = onSignal(known, (name) => {
    if (!child) {
      endedBy ??= name
      interrupted.abort()
    } else if (!onTerminal || !OF_TERMINALS.includes(name)) child.send(name)
  })
  return {
    signal: interrupted.signal,
    status: () => endedBy && statusOf(endedBy),
    to: (started) => (child = started),
    release,
  }
}

/** Starts a command on this process's own terminal, standard input and output. */
export function startChild(command: string, args: readonly string[], env: Environment): Child {
  const child = spawn(command, [...args], { env, stdio: 'inherit' })
  return {
    ended: ending(child, () => isThere(command, env['PATH'])),
    send: (signal) => void child.kill(signal),
  }
}

async function ending(child: ChildProcess, isThere: () => boolean): Promise<ChildEnding> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return { status: code ?? statusOf(signal ?? 'SIGKILL') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // The system reports a folder of PATH that may not be looked into before a command that is nowhere.
    return code === 'ENOENT' || (code === 'EACCES' && !isThere())
      ? { status: 127, failure: 'it does not exist' }
      : { status: 126, failure: 'it cannot be run' }
  }
}

/** Whether there is a file for a command, as far as this user can see. */
function isThere(command: string, path = ''): boolean {
  if (command.includes('/')) return true
  return path.split(delimiter).some((folder) => {
    try {
      return statSync(join(folder, command)).isFile()
    } catch {
      return false
    }
  })
}

const statusOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]
