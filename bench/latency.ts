import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { load } from './load.js'
import { startServe } from './serve.js'
import type { KeyName, Stage } from './stage.js'
import { quantile, table } from './table.js'
import { BARE } from './throughput.js'

const SHARES = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 } as const

/** As fast as no SDK asks, so that a run has thousands of answers. */
const PAUSE_MS = 1

/** How often a renewal begins while renewals are measured. */
const RENEWAL_MS = 100

/** One server that is measured. */
interface Server {
  readonly name: string
  readonly port: number
}

/** What goes on around the client that is measured; returns a function that ends it. */
type Surroundings = (server: Server) => () => Promise<unknown>

/**
 * How long one client that asks a thousand times a second waits for its answers: alone, beside 32
 * connections that ask without a pause, and while the sidecar renews its session again and again.
 * The bare server goes through the same: the same load on itself, the same renewals beside it.
 */
export async function latency(stage: Stage, quick: boolean): Promise<string> {
  const durationMs = quick ? 500 : 2_500
  const files = join(stage.folder, 'rotated')
  await mkdir(files)
  await useIdentity(stage, files, 'ec-p256')
  const serve = await startServe(stage, rotatedIdentity(stage, files), [
    '--refresh-on-new-certificate',
  ])
  const { uri, health } = JSON.parse(serve.line) as { uri: string; health: string }
  const authorization = await readFile(serve.tokenFile, 'utf8')
  const body = await firstAnswer(uri, authorization)
  const bare = await stage.start(['-e', BARE, body], /http:/)
  const request = `GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\n\r\n`
  const servers: readonly Server[] = [
    { name: 'bare node:http', port: Number(new URL(bare.line).port) },
    { name: 'credentials route', port: Number(new URL(uri).port) },
  ]

  const surroundings: Readonly<Record<string, Surroundings>> = {
    idle: () => async () => {},
    'under load': ({ port }) => {
      const crowd = load(port, request, { connections: 32, durationMs: durationMs + 100 })
      return async () => crowd
    },
    'during renewals': () => {
      const ending = new AbortController()
      const renewals = renewing(stage, files, () => serve.process.kill('SIGHUP'), ending.signal)
      return async () => {
        ending.abort()
        await renewals
      }
    },
  }

  const renewedBefore = await renewals(health)
  const rows: string[][] = []
  for (const [what, begin] of Object.entries(surroundings)) {
    const measured = new Map<string, number[]>(servers.map(({ name }) => [name, []]))
    for (let round = 0; round < 3; round++) {
      for (const server of servers) {
        const end = begin(server)
        const { latenciesMs } = await load(server.port, request, {
          connections: 1,
          durationMs,
          pauseMs: PAUSE_MS,
        })
        await end()
        measured.get(server.name)?.push(...latenciesMs)
      }
    }
    const quantiles = [...measured.values()].map((values) => {
      const sorted = values.sort((a, b) => a - b)
      return Object.values(SHARES).map((share) => quantile(sorted, share))
    })
    servers.forEach(({ name }, index) => {
      const ratio = (share: number): string =>
        ((quantiles[index]?.[share] ?? Number.NaN) / (quantiles[0]?.[share] ?? Number.NaN)).toFixed(
          2,
        )
      rows.push([
        `${name}, ${what}`,
        ...(quantiles[index] ?? []).flatMap((ms, share) => [ms.toFixed(2), ratio(share)]),
      ])
    })
  }
  const header = ['', ...Object.keys(SHARES).flatMap((name) => [`${name} ms`, 'ratio'])]
  const count = (await renewals(health)) - renewedBefore
  return `Latency, one client (${count} renewals)\n\n${table(header, rows)}`
}

/** Flags of an identity whose files are replaced. */
function rotatedIdentity(stage: Stage, files: string): readonly string[] {
  const [certificate = '', , privateKey = '', , ...target] = stage.identity('ec-p256')
  return [certificate, join(files, 'tls.crt'), privateKey, join(files, 'tls.key'), ...target]
}

async function useIdentity(stage: Stage, files: string, name: KeyName): Promise<void> {
  const [, certificate = '', , privateKey = ''] = stage.identity(name)
  for (const [from, to] of [
    [certificate, 'tls.crt'],
    [privateKey, 'tls.key'],
  ] as const) {
    await copyFile(from, join(files, 'new'))
    await rename(join(files, 'new'), join(files, to))
  }
}

/** Changes the certificate again and again, and has the sidecar look at it. */
async function renewing(
  stage: Stage,
  files: string,
  hangUp: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await useIdentity(stage, files, turn % 2 === 0 ? 'rsa-2048' : 'ec-p256')
    hangUp()
    await sleep(RENEWAL_MS, undefined, { signal }).catch(() => {})
  }
}

/** The credentials, as soon as there are any. */
async function firstAnswer(uri: string, authorization: string): Promise<string> {
  for (;;) {
    const answer = await fetch(uri, { headers: { authorization, connection: 'close' } })
    if (answer.status === 200) return answer.text()
    await sleep(20)
  }
}

async function renewals(health: string): Promise<number> {
  const metrics = await (await fetch(`${health}/metrics`)).text()
  return Number(/^rolesanywhere_refresh_total\{.*result="success"\} (\d+)/m.exec(metrics)?.[1])
}
