import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { stalledMs } from './stalls.js'
import type { Stage } from './stage.js'

/** How often a client that waits asks. */
const ASK_EVERY_MS = 100

/** An answer that takes longer is late. Some SDKs give up after a second. */
export const LATE_MS = 500

/** A client gives up after this time; what it got is a late answer. */
const GIVE_UP_MS = 5_000

/** In the last minute of its life a session is not handed out; clocks are read at different moments. */
const LAST_MINUTE_MS = 62_000

const FIELDS = ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration']

/** What a client saw. */
export interface Seen {
  /** Answers by status. */
  readonly statuses: Map<number, number>
  /** Times at which nobody answered: connection refused or reset. */
  unanswered: number
  /** Broken promises, each said once. */
  readonly wrongs: Map<string, number>
  readonly latenciesMs: number[]
  /** Of all sessions handed out, the least life that one still had. */
  leastLifeMs: number
  /** 503 although the session handed out last was good for more than a minute. */
  withheld: number
  /** First answer with a session after {@link Client.mark}, on `performance.now()`. */
  sessionAtMs: number | undefined
  /** First answer with a session that was issued after it. */
  newSessionAtMs: number | undefined
}

/** An application that asks for credentials as SDKs do, and looks closely at what it gets. */
export interface Client {
  readonly seen: Seen
  ask(): Promise<void>
  /** Asks over and over, until {@link Client.stop}. */
  keepAsking(): void
  /** From now on it is noted when there is a session again. */
  mark(): void
  /** Answers to what was asked before could not come: the process was stopped. */
  resumed(): void
  stop(): Promise<void>
}

/** @param stage Whose sidecar it asks, over one connection that it keeps. */
export function createClient(stage: Stage): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const seen: Seen = {
    statuses: new Map(),
    unanswered: 0,
    wrongs: new Map(),
    latenciesMs: [],
    leastLifeMs: Number.POSITIVE_INFINITY,
    withheld: 0,
    sessionAtMs: undefined,
    newSessionAtMs: undefined,
  }
  let heldUntil = 0
  let markedAt = Number.POSITIVE_INFINITY
  let resumedMs = 0
  let asking: Promise<void> | undefined
  let stopped = false

  const wrong = (what: string): void => void seen.wrongs.set(what, (seen.wrongs.get(what) ?? 0) + 1)

  function judge(status: number, body: string): void {
    seen.statuses.set(status, (seen.statuses.get(status) ?? 0) + 1)
    const document = parse(body)
    if (status === 503 && document['Code'] === 'NoSession' && document['Message']) {
      if (heldUntil - stage.now() > LAST_MINUTE_MS) seen.withheld++
      return
    }
    if (status !== 200) return wrong(`answer ${status}`)
    if (FIELDS.some((name) => typeof document[name] !== 'string' || document[name] === '')) {
      return wrong('blank answer')
    }
    heldUntil = Date.parse(document['Expiration'] as string)
    const lifeMs = heldUntil - stage.now()
    seen.leastLifeMs = Math.min(seen.leastLifeMs, lifeMs)
    if (!(lifeMs > 0)) return wrong('expired answer')
    const issuedAt = stage.issued().get(document['AccessKeyId'] as string)
    if (markedAt === Number.POSITIVE_INFINITY) return
    seen.sessionAtMs ??= performance.now()
    if (issuedAt !== undefined && issuedAt >= markedAt) seen.newSessionAtMs ??= performance.now()
  }

  async function ask(): Promise<void> {
    const [sentMs, stalledBeforeMs] = [performance.now(), stalledMs()]
    try {
      const { status, body } = await fetchFrom(stage, agent)
      const ownMs = stalledMs() - stalledBeforeMs
      const tookMs = Math.max(0, performance.now() - Math.max(sentMs, resumedMs) - ownMs)
      seen.latenciesMs.push(tookMs)
      if (tookMs > LATE_MS) wrong('late answer')
      judge(status, body)
    } catch (error) {
      if (error instanceof GaveUp) wrong('no answer at all')
      else seen.unanswered++
    }
  }

  return {
    seen,
    ask,
    keepAsking() {
      asking ??= (async () => {
        while (!stopped) {
          const nextMs = performance.now() + ASK_EVERY_MS
          await ask()
          await sleep(Math.max(0, nextMs - performance.now()))
        }
      })()
    },
    mark: () => (markedAt = stage.now()),
    resumed: () => (resumedMs = performance.now()),
    async stop() {
      stopped = true
      await asking
      agent.destroy()
    },
  }
}

class GaveUp extends Error {}

async function fetchFrom(
  { port, token }: Stage,
  agent: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const options = { port, path: '/v1/credentials', headers: { authorization: token }, agent }
    const request = get(options, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.on('error', reject)
    })
    request.setTimeout(GIVE_UP_MS, () => request.destroy(new GaveUp()))
    request.on('error', reject)
  })
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body) as Record<string, unknown>
  } catch {
    return {}
  }
}
