import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServe } from './serve.js'
import type { Stage, Started } from './stage.js'
import { table } from './table.js'

const IDLE = `setInterval(() => {}, 1e6); console.error('ready')`

/** Columns of the table, by their names in `smaps_rollup`. */
const KINDS = ['Rss', 'Pss', 'Anonymous'] as const

/**
 * Memory of an idle `serve` that holds a session, against a Node that does nothing: what is mapped
 * (RSS), the same with what several processes share counted in parts (PSS), and what a further
 * sidecar on the same machine costs (anonymous).
 */
export async function idleMemory(stage: Stage, quick: boolean): Promise<string> {
  if (!existsSync('/proc/self/smaps_rollup')) return 'Memory: not measured, this is not Linux'
  const programs = {
    'idle node': await stage.start(['-e', IDLE], /ready/),
    'idle serve': await startServe(stage),
  }
  await sleep(quick ? 2_000 : 10_000)
  const measured = await Promise.all(
    Object.entries(programs).map(
      async ([name, started]) => [name, await megabytes(started)] as const,
    ),
  )
  const [[, base] = ['', []]] = measured
  const rows = measured.map(([name, values]) => [
    name,
    ...values.flatMap((value, kind) => [value.toFixed(1), (value / (base[kind] ?? 0)).toFixed(2)]),
  ])
  const header = ['', ...KINDS.flatMap((kind) => [`${kind} MB`, 'ratio'])]
  return `Memory of an idle process\n\n${table(header, rows)}`
}

async function megabytes({ process: child }: Started): Promise<number[]> {
  const text = await readFile(`/proc/${child.pid ?? 0}/smaps_rollup`, 'utf8')
  return KINDS.map((kind) => Number(new RegExp(`^${kind}: +(\\d+) kB`, 'm').exec(text)?.[1]) / 1024)
}
