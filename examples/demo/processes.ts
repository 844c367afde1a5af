import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** No step of the demo takes longer than this. */
const STEP_LIMIT_MS = 30_000

/** A program that ran to its end. */
export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that keeps running. */
export interface Running {
  /** The first line of its log that matches, as soon as it is there. */
  logged(pattern: RegExp): Promise<string>
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<number | null>
}

/** Starts programs with exactly the environment given, and ends whatever is left of them. */
export class Processes {
  readonly #home: string
  readonly #running = new Set<ChildProcess>()
  #ended = false

  /** @param home Folder in which programs look for settings and keep their caches. */
  constructor(home: string) {
    this.#home = home
  }

  /** Runs a program to its end. */
  async run(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Finished> {
    const child = this.#start(args, env)
    const finished = { stdout: '', stderr: '' }
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (finished.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (finished.stderr += text))
    const timer = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT_MS)
    const [status] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { status, ...finished }
  }

  /** Starts a program that keeps running. */
  serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = this.#start(args, env)
    let log = ''
    child.stdout?.resume()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
    return {
      logged: async (pattern) => {
        const signal = AbortSignal.timeout(STEP_LIMIT_MS)
        for (;;) {
          const found = log.split('\n').find((line) => pattern.test(line))
          if (found !== undefined) return found
          if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended early:\n${log}`)
          await Promise.race([
            once(child.stderr ?? child, 'data', { signal }),
            once(child, 'close', { signal }),
          ])
        }
      },
      stop: async () => {
        if (child.exitCode !== null) return child.exitCode
        child.kill('SIGTERM')
        const [status] = (await once(child, 'close')) as [number | null]
        return status
      },
    }
  }

  /** Ends everything that still runs; nothing starts after it. */
  async endAll(): Promise<void> {
    this.#ended = true
    await Promise.all(
      [...this.#running].map(async (child) => {
        child.kill('SIGKILL')
        await once(child, 'close')
      }),
    )
  }

  #start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
    if (this.#ended) throw new Error('interrupted')
    const child = spawn(process.execPath, [...args], {
      // Nothing of this machine's AWS configuration may reach the story, and no cache stays behind.
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.#home,
        NODE_DISABLE_COMPILE_CACHE: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    child.once('close', () => this.#running.delete(child))
    return child
  }
}
