import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import type { Launch } from './client.js'

/** What a program prints: first its SDK's version, then a line for every round. */
export interface Answer {
  readonly version?: string
  readonly arn?: string
  readonly buckets?: readonly string[]
  readonly error?: string
}

/** More than any client waits before it gives up, on a machine that is busy. */
const ANSWER_TIMEOUT_MS = 180_000

const running = new Set<ChildProcess>()

/** Ends every program that still runs, and what it started. */
export function endClientPrograms(): void {
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Ended by itself in the meantime.
    }
  }
}

/** A client's program. It does a round, of STS and S3, whenever it is told to. */
export class ClientProgram {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  #stderr = ''

  constructor({ command, args, env }: Launch, cwd: string, common: Record<string, string>) {
    const inherited = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', HOME: cwd }
    this.#child = spawn(command, [...args], {
      cwd,
      env: { ...inherited, ...common, ...env },
      // A group of its own, so that all of it can be ended.
      detached: true,
    })
    running.add(this.#child)
    this.#child.once('close', () => running.delete(this.#child))
    this.#child.once('error', (error) => (this.#stderr += error.message))
    this.#child.stdin?.on('error', () => {
      // It ended; the answer that does not come says so.
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.#reader = createInterface({ input: this.#child.stdout! })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** The SDK's own word; resolves once the program can be told to do rounds. */
  async version(): Promise<string> {
    return (await this.#answer()).version ?? '?'
  }

  async round(): Promise<Answer> {
    this.#child.stdin?.write('\n')
    return this.#answer()
  }

  /** Lets it end, and ends it if it does not. */
  async end(): Promise<void> {
    if (!running.has(this.#child)) return
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()))
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    this.#child.stdin?.end()
    await closed
    clearTimeout(impatience)
  }

  async #answer(): Promise<Answer> {
    const impatience = setTimeout(() => this.#reader.close(), ANSWER_TIMEOUT_MS)
    const { value, done } = await this.#lines.next()
    clearTimeout(impatience)
    if (done) throw new Error(`no answer: ${this.#stderr.trim().slice(-500)}`)
    return JSON.parse(value) as Answer
  }
}
