import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServe } from './serve.js'
import type { Stage, Started } from './stage.js'
import { table } from './table.js'

const IDLE = `setInterval(() => {}, 1e6); console.error('ready')`

/** Anonymous memory of an idle `serve` that holds a session, against a Node that does nothing. */
export async function idleMemory(stage: Stage, quick: boolean): Promise<string> {
  if (!existsSync('/proc/self/smaps_rollup')) return 'Memory: not measured, this is not Linux'
  const programs = {
    'idle node': await stage.start(['-e', IDLE], /ready/),
    'idle serve': await startServe(stage),
  }
  await sleep(quick ? 2_000 : 10_000)
  const rows: string[][] = []
  let base = Number.NaN
  for (const [name, started] of Object.entries(programs)) {
    const megabytes = (await anonymousKilobytes(started)) / 1024
    if (Number.isNaN(base)) base = megabytes
    rows.push([name, megabytes.toFixed(1), (megabytes / base).toFixed(2)])
  }
  return `Memory, anonymous\n\n${table(['', 'MB', 'times idle node'], rows)}`
}

async function anonymousKilobytes({ process: child }: Started): Promise<number> {
  const text = await readFile(`/proc/${child.pid ?? 0}/smaps_rollup`, 'utf8')
  return Number(/^Anonymous: +(\d+) kB/m.exec(text)?.[1] ?? Number.NaN)
}
