import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, table } from './table.js'
import { type KeyName, PROGRAM, type Stage } from './stage.js'

const KEYS: readonly KeyName[] = ['ec-p256', 'rsa-2048']
const LEAST_CLIENT = fileURLToPath(new URL('least-client.cjs', import.meta.url))

/**
 * Wall time of `credential-process`, loopback TLS included, against a Node that does nothing; beside it
 * the least that a client in Node takes.
 */
export async function startUp(stage: Stage, quick: boolean): Promise<string> {
  const rounds = quick ? 7 : 25
  const bareMs: number[] = []
  const leastMs: number[] = []
  const commandMs = new Map<KeyName, number[]>(KEYS.map((key) => [key, []]))
  // In turns, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < rounds; round++) {
    bareMs.push(timed(['-e', '0']))
    leastMs.push(timed([LEAST_CLIENT, ...stage.identity('ec-p256')]))
    for (const key of KEYS) {
      commandMs
        .get(key)
        ?.push(timed([PROGRAM, 'credential-process', '--no-cache', ...stage.identity(key)]))
    }
  }
  const bare = median(bareMs)
  const named: [string, number[]][] = [
    ['node -e 0', bareMs],
    ['one signature, one TLS exchange', leastMs],
    ...[...commandMs].map(([key, ms]): [string, number[]] => [`credential-process, ${key}`, ms]),
  ]
  const rows = named.map(([name, values]) => {
    const value = median(values)
    return [name, value.toFixed(1), (value / bare).toFixed(2)]
  })
  return `Start-up (median of ${rounds})\n\n${table(['', 'ms', 'times bare node'], rows)}`
}

function timed(args: readonly string[]): number {
  const startMs = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const elapsedMs = performance.now() - startMs
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`)
  return elapsedMs
}
