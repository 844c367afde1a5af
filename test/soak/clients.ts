import { setMaxListeners } from 'node:events'
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.js'

/** SDKs give up after a second and ask again. */
export const LATE_MS = 1_000

/** No session is handed out with less left; a second for the way. */
const LEAST_LEFT_MS = 59_000

/** What clients saw. */
export interface Tally {
  answers: number
  refusals: number
  dropped: number
  /** Sorted at the end, in milliseconds. */
  readonly latenciesMs: number[]
  /** Everything that should not have been, the first fifty. */
  readonly wrong: string[]
}

/** A crowd of clients that ask all the time. */
export interface Clients {
  readonly tally: Tally
  stop(): Promise<void>
}

interface Target {
  readonly uri: string
  readonly health: string
  readonly tokenFile: string
  readonly random: Random
}

/** How many clients there are on kept and on fresh connections. */
export interface Crowd {
  readonly kept: number
  readonly fresh: number
}

/** How long a client waits between two requests. */
const KEPT_PAUSE_MS = 60
const FRESH_PAUSE_MS = 120

/**
 * Starts clients on kept and on fresh connections, and some that behave badly: without a token, with
 * a wrong one, with half a request, gone before the answer.
 */
export function startClients(target: Target, crowd: Crowd): Clients {
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  const tally: Tally = { answers: 0, refusals: 0, dropped: 0, latenciesMs: [], wrong: [] }
  const wrong = (what: string): void => {
    if (tally.wrong.length < 50) tally.wrong.push(`${new Date().toISOString()} ${what}`)
  }
  const agents: Agent[] = []

  async function repeat(pauseMs: number, action: () => Promise<void>): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await action()
      } catch (error) {
        wrong(String(error))
      }
      await sleep(pauseMs * (0.5 + target.random.next()), undefined, {
        signal: ending.signal,
      }).catch(() => {})
    }
  }

  async function good(agent: Agent | false): Promise<void> {
    const headers = { authorization: readFileSync(target.tokenFile, 'latin1') }
    const startedMs = performance.now()
    const { status, body } = await ask(target.uri, { agent, headers })
    const tookMs = performance.now() - startedMs
    tally.answers++
    tally.latenciesMs.push(tookMs)
    if (tookMs > LATE_MS) wrong(`late: ${tookMs.toFixed(0)} ms`)
    if (status !== 200) return wrong(`status ${status}: ${body}`)
    const document = JSON.parse(body) as Record<string, string>
    for (const name of ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration']) {
      if (!document[name]) wrong(`blank: ${name}`)
    }
    const leftMs = Date.parse(document['Expiration'] ?? '') - Date.now()
    if (!(leftMs > LEAST_LEFT_MS)) wrong(`ends in ${leftMs} ms`)
  }

  async function refused(): Promise<void> {
    const headers = target.random.pick([
      {},
      { authorization: 'x'.repeat(43) },
      { host: 'evil.example' },
    ])
    const { status } = await ask(target.uri, { agent: false, headers })
    tally.refusals++
    if (status !== 401 && status !== 403) wrong(`refused with ${status}`)
  }

  async function probe(): Promise<void> {
    for (const path of ['/healthz', '/readyz', '/metrics', '/']) {
      const { status } = await ask(target.health + path, { agent: false })
      if (status !== 200) wrong(`${path} answered ${status}`)
    }
  }

  /** Sends a part of a request and goes, or a whole one and does not wait for the answer. */
  async function dropped(): Promise<void> {
    const { port } = new URL(target.uri)
    const whole = 'GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    const text = target.random.pick([whole, whole.slice(0, 30), ''])
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    await new Promise<void>((resolve) => socket.on('connect', resolve).on('close', () => resolve()))
    socket.write(text)
    await sleep(target.random.between(0, 300))
    if (target.random.next() < 0.5) socket.resetAndDestroy()
    else socket.destroy()
    tally.dropped++
  }

  const kept = Array.from({ length: crowd.kept }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return repeat(KEPT_PAUSE_MS, async () => good(agent))
  })
  const fresh = Array.from({ length: crowd.fresh }, async () =>
    repeat(FRESH_PAUSE_MS, async () => good(false)),
  )
  const others = [repeat(500, refused), repeat(1_000, dropped), repeat(5_000, probe)]
  return {
    tally,
    async stop() {
      ending.abort()
      await Promise.all([...kept, ...fresh, ...others])
      for (const agent of agents) agent.destroy()
      tally.latenciesMs.sort((a, b) => a - b)
    },
  }
}

/** Asks, and reads the whole answer. */
export async function ask(
  url: string,
  options: RequestOptions = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming: IncomingMessage) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (text: string) => (body += text))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }))
      incoming.on('error', reject)
    })
    outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no answer in 10 s')))
    outgoing.on('error', reject)
    outgoing.end()
  })
}
