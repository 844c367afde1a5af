import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PROGRAM, type Stage } from './stage.js'
import { median, table } from './table.js'

const PARALLEL = 16

/**
 * What a call of `credential-process` costs: with a session in the cache, with a new one, and many at
 * once. Each against a Node that does nothing.
 */
export async function credentialProcess(stage: Stage, quick: boolean): Promise<string> {
  const folder = join(stage.folder, 'session-cache')
  const args = [PROGRAM, 'credential-process', ...stage.identity('ec-p256')]
  const env = { ...process.env, ROLESANYWHERE_CACHE_DIR: folder }
  const rounds = quick ? 9 : 41
  const programs = {
    'node -e 0': ['-e', '0'],
    'session in the cache': args,
    'new session': [...args, '--no-cache'],
  }
  execFileSync(process.execPath, args, { env })

  const times = new Map<string, number[]>(Object.keys(programs).map((name) => [name, []]))
  // In turns, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(programs)) {
      const startedMs = performance.now()
      execFileSync(process.execPath, command, { env })
      times.get(name)?.push(performance.now() - startedMs)
    }
  }
  const bareMs = median(times.get('node -e 0') ?? [])
  const rows = [...times].map(([name, values]) => {
    const ms = median(values)
    return [name, ms.toFixed(1), (ms / bareMs).toFixed(2)]
  })

  const count = quick ? 64 : 1000
  const rates = new Map<string, number>()
  for (const [name, command] of Object.entries(programs)) {
    rates.set(name, await callsPerSecond(command, env, name === 'new session' ? 64 : count))
  }
  const bareRate = rates.get('node -e 0') ?? Number.NaN
  const rateRows = [...rates].map(([name, rate]) => [
    name,
    rate.toFixed(1),
    (rate / bareRate).toFixed(2),
  ])
  const sessions = await sessionsFor(count, args, env, folder)
  return [
    `credential-process (median of ${rounds})\n\n${table(['', 'ms', 'times bare node'], rows)}`,
    `${PARALLEL} in parallel\n\n${table(['', 'calls/s', 'ratio'], rateRows)}`,
    `CreateSession calls for ${count} calls, from an empty cache: ${sessions}`,
  ].join('\n\n')
}

async function callsPerSecond(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  count: number,
): Promise<number> {
  const startedMs = performance.now()
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) await ended(spawn(process.execPath, command, { env, stdio: 'pipe' }))
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return (count * 1000) / (performance.now() - startedMs)
}

/** Every session has an access key of its own. */
async function sessionsFor(
  count: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<number> {
  const [program = ''] = args
  execFileSync(process.execPath, [program, 'cache', 'clear'], { env })
  const keys = new Set<string>()
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0)
      keys.add(await keyFrom(spawn(process.execPath, args, { env, stdio: 'pipe' })))
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  const kept = existsSync(join(folder, 'sessions')) && readdirSync(join(folder, 'sessions'))
  if (!kept) throw new Error('nothing was cached')
  return keys.size
}

async function keyFrom(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await ended(child)
  return (JSON.parse(text) as { AccessKeyId: string }).AccessKeyId
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume()
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`ended with status ${String(status)}`)
}
