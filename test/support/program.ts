import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The built command. `npm test` builds it. */
export const PROGRAM = fileURLToPath(new URL('../../dist/bin/rolesanywhere.cjs', import.meta.url))

/** The built example application. */
export const BUCKET_LISTER = fileURLToPath(
  new URL('../../examples/s3-bucket-lister/dist/main.js', import.meta.url),
)

/** A program that ran to its end. */
export interface Finished {
  /** `null` when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs. */
export interface Running {
  readonly process: ChildProcess
  /** All of standard error so far. */
  log(): string
  /** The first log line that matches, as soon as it is there. */
  logged(pattern: RegExp): Promise<string>
  /** Resolves when it has ended. */
  finished(): Promise<Finished>
  /** Asks it to end and waits. */
  stop(signal?: NodeJS.Signals): Promise<Finished>
}

const running = new Set<ChildProcess>()

/** Ends what a test that failed has left behind. For `afterEach`. */
export async function endPrograms(): Promise<void> {
  const ended = [...running].map(async (child) => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  await Promise.all(ended)
}

/** Starts a program with exactly the environment given, and what keeps Node quiet and tidy. */
export function startCommand(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: SpawnOptions = {},
): Running {
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      // Shared by all tests that run at the same time, it would make each see the others' sessions.
      ROLESANYWHERE_NO_CACHE: 'true',
      NODE_DISABLE_COMPILE_CACHE: '1',
      NODE_NO_WARNINGS: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  })
  running.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // A program that cannot be started has no 'close', only an 'error'.
  const closed = once(child, 'close')
    .then(([status]) => status as number | null)
    .finally(() => running.delete(child))
  closed.catch(() => {})
  const finished = async (): Promise<Finished> => ({ status: await closed, stdout, stderr })
  return {
    process: child,
    log: () => stderr,
    finished,
    async logged(pattern) {
      for (;;) {
        const line = stderr.split('\n').find((candidate) => pattern.test(candidate))
        if (line !== undefined) return line
        const ended = await Promise.race([
          once(child.stderr ?? child, 'data').then(() => false),
          closed.then(() => true),
        ])
        if (ended && !pattern.test(stderr)) throw new Error(`ended early:\n${stderr}`)
      }
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      return finished()
    },
  }
}

/** Starts a Node program with exactly the environment given. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: SpawnOptions = {},
): Running {
  return startCommand(process.execPath, args, env, options)
}

/** Runs the built command to its end. */
export async function rolesanywhere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return start([PROGRAM, ...args], env).finished()
}
