import { spawnSync } from 'node:child_process'
import { median, table } from './table.js'
import { type KeyName, PROGRAM, type Stage } from './stage.js'

const KEYS: readonly KeyName[] = ['ec-p256', 'rsa-2048']

/** Wall time of `credential-process`, loopback TLS included, against a Node that does nothing. */
export async function startUp(stage: Stage, quick: boolean): Promise<string> {
  const rounds = quick ? 7 : 25
  const bareMs: number[] = []
  const commandMs = new Map<KeyName, number[]>(KEYS.map((key) => [key, []]))
  // In turns, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < rounds; round++) {
    bareMs.push(timed(['-e', '0']))
    for (const key of KEYS) {
      commandMs
        .get(key)
        ?.push(timed([PROGRAM, 'credential-process', '--no-cache', ...stage.identity(key)]))
    }
  }
  const bare = median(bareMs)
  const rows = [...commandMs].map(([key, values]) => {
    const value = median(values)
    return [`credential-process, ${key}`, value.toFixed(1), (value / bare).toFixed(2)]
  })
  return `Start-up (median of ${rounds})\n\n${table(
    ['', 'ms', 'times bare node'],
    [['node -e 0', bare.toFixed(1), '1.00'], ...rows],
  )}`
}

function timed(args: readonly string[]): number {
  const startMs = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const elapsedMs = performance.now() - startMs
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`)
  return elapsedMs
}
