import { readFile } from 'node:fs/promises'
import { load, type LoadResult } from './load.js'
import { startServe } from './serve.js'
import type { Stage } from './stage.js'
import { median, quantile, table } from './table.js'

/** A server that answers the same bytes, its argument, and does nothing else. */
export const BARE = `
const body = Buffer.from(process.argv[1])
const headers = { 'content-type': 'application/json', 'content-length': body.length, 'cache-control': 'no-store' }
const server = require('node:http').createServer((request, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
server.listen(0, '127.0.0.1', () => console.error('http://127.0.0.1:' + server.address().port))
`

/** Requests per second and latency of the credentials route, against a bare `node:http` server. */
export async function throughput(stage: Stage, quick: boolean): Promise<string> {
  const { line, tokenFile } = await startServe(stage)
  const { uri } = JSON.parse(line) as { uri: string }
  const authorization = await readFile(tokenFile, 'utf8')
  const answer = await fetch(uri, { headers: { authorization } })
  const bare = await stage.start(['-e', BARE, await answer.text()], /http:/)
  const request = `GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\n\r\n`
  const ports = {
    'bare node:http': Number(new URL(bare.line).port),
    'credentials route': Number(new URL(uri).port),
  }

  const rows: string[][] = []
  for (const connections of [1, 32]) {
    const results = new Map<string, LoadResult[]>()
    for (let round = 0; round < (quick ? 3 : 7); round++) {
      for (const [name, port] of Object.entries(ports)) {
        const result = await load(port, request, { connections, durationMs: quick ? 500 : 1500 })
        results.set(name, [...(results.get(name) ?? []), result])
      }
    }
    const rate = (name: string): number =>
      median((results.get(name) ?? []).map(({ requestsPerSecond }) => requestsPerSecond))
    const p99 = (name: string): number =>
      median((results.get(name) ?? []).map(({ latenciesMs }) => quantile(latenciesMs, 0.99)))
    const [base = '', ours = ''] = Object.keys(ports)
    for (const name of [base, ours]) {
      rows.push([
        `${name}, ${connections} connection${connections > 1 ? 's' : ''}`,
        rate(name).toFixed(0),
        (rate(name) / rate(base)).toFixed(2),
        p99(name).toFixed(2),
        (p99(name) / p99(base)).toFixed(2),
      ])
    }
  }
  return `Credentials route\n\n${table(['', 'requests/s', 'ratio', 'p99 ms', 'ratio'], rows)}`
}
