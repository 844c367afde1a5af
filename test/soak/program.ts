import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PROGRAM } from '../support/program.js'

const PROBE = fileURLToPath(new URL('probe.cjs', import.meta.url))

/** What a process holds at one moment. */
export interface Sample {
  /** Seconds since the start of the run. */
  readonly at: number
  readonly rssBytes: number
  /** After a full collection. */
  readonly heapBytes: number
  readonly externalBytes: number
  readonly sockets: number
  readonly descriptors: number
  /** Timers that are armed. */
  readonly timers: number
}

/** The program under test. */
export interface Subject {
  readonly process: ChildProcess
  readonly uri: string
  readonly health: string
  /** How often each line was logged, by level and message. */
  readonly logged: ReadonlyMap<string, number>
  sample(at: number): Promise<Sample>
  /** Its exit status. */
  stop(): Promise<number | null>
}

/**
 * V8 translates a function again and again as it is called more often, forgets what it translated when
 * it is not, and counts all that to the heap. With these options it translates each function once and
 * keeps that, so that what grows is what the program holds.
 */
export const WITHOUT_COMPILER: readonly string[] = [
  '--no-sparkplug',
  '--no-maglev',
  '--no-opt',
  '--no-lazy-feedback-allocation',
  '--no-flush-bytecode',
]

/**
 * Starts the built `serve` with a probe inside; resolves when it listens.
 *
 * @param options Of Node.
 */
export async function startSubject(
  args: readonly string[],
  options: readonly string[] = [],
): Promise<Subject> {
  const probed = [...options, '--expose-gc', '--require', PROBE]
  const node = [...probed, PROGRAM, 'serve', '--log-format', 'json']
  const child = spawn(process.execPath, [...node, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', NODE_NO_WARNINGS: '1' },
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const logged = new Map<string, number>()
  let serving: { uri: string; health: string } | undefined
  let rest = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { level, msg, ...fields } = JSON.parse(line) as Record<string, string>
      const key = `${level} ${msg}`
      logged.set(key, (logged.get(key) ?? 0) + 1)
      if (msg === 'serving credentials') serving = fields as unknown as typeof serving
    }
  })
  while (!serving) {
    if (child.exitCode !== null) throw new Error('serve ended early')
    await Promise.race([once(child.stderr!, 'data'), once(child, 'close')])
  }
  return {
    ...serving,
    process: child,
    logged,
    sample: async (at) => sample(child, at),
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      return ((await closed) as [number | null])[0]
    },
  }
}

interface Answer {
  readonly heapUsed: number
  readonly external: number
  readonly resources: Readonly<Record<string, number>>
}

async function sample(child: ChildProcess, at: number): Promise<Sample> {
  const folder = `/proc/${child.pid}`
  const status = await readFile(`${folder}/status`, 'utf8')
  const names = await readdir(`${folder}/fd`)
  // One that was closed meanwhile has no link any longer.
  const links = await Promise.all(
    names.map(async (name) => readlink(`${folder}/fd/${name}`).catch(() => '')),
  )
  const answered = once(child, 'message')
  child.send('?')
  const [{ heapUsed, external, resources }] = (await answered) as [Answer]
  return {
    at,
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024,
    heapBytes: heapUsed,
    externalBytes: external,
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    descriptors: links.filter(Boolean).length,
    timers: resources['Timeout'] ?? 0,
  }
}
