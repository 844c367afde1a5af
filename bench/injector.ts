import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import * as https from 'node:https'
import { join } from 'node:path'
import { makePair } from '../sidecar/injector/webhook/certificates/make-pair.js'
import { systemClock } from '../src/system-clock.js'
import { labelledPod, reviewOf } from '../test/support/admission.js'
import { kubeconfigFor, startApiServer } from '../test/support/api-server.js'
import { PROGRAM, type Stage } from './stage.js'
import { quantile, table } from './table.js'

const ARN = 'arn:aws:rolesanywhere:eu-central-1:111122223333'
const ACCOUNTS = 10_000
const PARALLEL = 50

/** A TLS server that reads the body and answers, to compare with. */
const BASELINE = `
const https = require('node:https'), fs = require('node:fs')
https.createServer({ cert: fs.readFileSync(process.argv[1]), key: fs.readFileSync(process.argv[2]) }, (req, res) => {
  const chunks = []
  req.on('data', (c) => chunks.push(c))
  req.on('end', () => { JSON.parse(Buffer.concat(chunks)); res.end('{}') })
}).listen(0, '127.0.0.1', function () { console.error('https://127.0.0.1:' + this.address().port) })
`

/** A running injector. */
interface Target {
  readonly url: string
  readonly pid: number | undefined
}

/**
 * A thousand admissions, fifty at once, with ten thousand service accounts known; and what they cost
 * in memory.
 */
export async function injector(stage: Stage, quick: boolean): Promise<string> {
  const requests = quick ? 300 : 1_000
  const kube = await startApiServer()
  try {
    const annotations = {
      'rolesanywhere.io/trust-anchor-arn': `${ARN}:trust-anchor/00000000-0000-4000-8000-000000000001`,
      'rolesanywhere.io/profile-arn': `${ARN}:profile/00000000-0000-4000-8000-000000000002`,
      'rolesanywhere.io/role-arn': 'arn:aws:iam::111122223333:role/web',
      'rolesanywhere.io/certificate-secret': 'web-tls',
    }
    kube.put('api/v1/namespaces', { metadata: { name: 'team' } })
    for (let n = 0; n < ACCOUNTS; n++) {
      const metadata = { name: n === 0 ? 'web' : `sa-${n}`, namespace: 'team', annotations }
      kube.put('api/v1/serviceaccounts', { metadata })
    }
    const file = (name: string): string => join(stage.folder, name)
    const pair = await makePair('localhost', systemClock)
    await writeFile(file('webhook.crt'), pair.certificate)
    await writeFile(file('webhook.key'), pair.privateKey, { mode: 0o600 })
    await writeFile(file('kubeconfig'), kubeconfigFor(kube.url))

    const bare = await stage.start(
      ['-e', BASELINE, file('webhook.crt'), file('webhook.key')],
      /https:\/\/127\.0\.0\.1:\d+/,
    )
    const configuration =
      'apiVersion: rolesanywhere.io/v1alpha1\nkind: InjectorConfiguration\nmissingCertificates: warn\n'
    await writeFile(file('looking.yaml'), configuration)
    const start = async (...more: string[]): Promise<Target> => {
      const started = await stage.start(
        [
          ...[PROGRAM, 'injector', '--kubeconfig', file('kubeconfig')],
          ...['--tls-certificate', file('webhook.crt'), '--tls-private-key', file('webhook.key')],
          ...['--listen', '127.0.0.1:0', '--health-listen', '127.0.0.1:0', '--log-format', 'json'],
          ...more,
        ],
        /answering admission requests.*/,
      )
      const { url, health } = JSON.parse(started.line) as {
        url: string
        health: string
      }
      while (!(await fetch(`${health}/readyz`)).ok) await systemClock.sleep(50)
      return { url: `${url}/mutate`, pid: started.process.pid }
    }
    const plain = await start()
    const looking = await start('--config', file('looking.yaml'))

    const body = reviewOf(labelledPod())
    const rows: string[][] = []
    let base = Number.NaN
    for (const [name, target, pid] of [
      ['bare node:https', bare.line, bare.process.pid],
      ['injector', plain.url, plain.pid],
      ['injector that looks for the Secret', looking.url, looking.pid],
    ] as const) {
      const agent = new https.Agent({
        keepAlive: true,
        maxSockets: PARALLEL,
        rejectUnauthorized: false,
      })
      // The API server keeps its connections too: handshakes are not what is measured.
      await load(target, body, agent, 200)
      const durations = (await load(target, body, agent, requests)).sort((a, b) => a - b)
      agent.destroy()
      const [p50, p99] = [quantile(durations, 0.5), quantile(durations, 0.99)]
      if (Number.isNaN(base)) base = p50
      rows.push([name, ...[p50, p99].map((ms) => ms.toFixed(1)), (p50 / base).toFixed(2), rss(pid)])
    }
    const title = `${requests} admissions, ${PARALLEL} at once, ${ACCOUNTS} service accounts known`
    const header = ['', 'p50 ms', 'p99 ms', 'p50, times bare', 'resident MB']
    return `Injector: ${title}\n\n${table(header, rows)}`
  } finally {
    await kube.close()
  }
}

/** @returns how long each request took, in milliseconds. */
async function load(
  target: string,
  body: string,
  agent: https.Agent,
  count: number,
): Promise<number[]> {
  const durations: number[] = []
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now()
      await post(target, body, agent)
      durations.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return durations
}

async function post(target: string, body: string, agent: https.Agent): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const outgoing = https.request(target, { method: 'POST', agent, headers }, (incoming) => {
      incoming.resume()
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve()
        else reject(new Error(`HTTP ${incoming.statusCode ?? 0}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function rss(pid: number | undefined): string {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1]
    return (Number(kilobytes) / 1024).toFixed(0)
  } catch {
    return '?'
  }
}
