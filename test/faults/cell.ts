import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from './client.js'
import type { Fault } from './fault.js'
import { openStage, type Stage } from './stage.js'

/** `waiting` asks ten times a second throughout; `idle` is silent from the fault until its end. */
export type ClientKind = 'waiting' | 'idle'

/** What came out of one fault and one client. */
export interface Measured {
  readonly fault: Fault
  readonly client: ClientKind
  /** Broken promises; none is good. */
  readonly wrongs: readonly string[]
  readonly statuses: ReadonlyMap<number, number>
  readonly unanswered: number
  readonly slowestMs: number
  readonly leastLifeMs: number
  readonly calls: number
  /** From the end of the fault to the first answer with a session. */
  readonly sessionAfterMs: number | undefined
  /** From the end of the fault to the first session that was issued after it. */
  readonly renewedAfterMs: number | undefined
  /** Log of the sidecar, to find out why. */
  readonly log: string
}

/** CreateSession calls that a cell may take: one a second on average, and a few to begin with. */
const CALLS_PER_SECOND = 1
const FIRST_CALLS = 6

/** Goes on for this time when all is well again: it must stay well. */
const AFTERMATH_MS = 1_000

const STEP_MS = 20

/** Plays one fault for one client, on a stage of its own. */
export async function play(fault: Fault, kind: ClientKind): Promise<Measured> {
  const stage = await openStage(fault.stage?.())
  const client = createClient(stage)
  try {
    const startedMs = performance.now()
    const mendedMs = await playOut(fault, kind, stage, client)
    await until(fault.renewedWithinMs, () => client.seen.newSessionAtMs !== undefined)
    await sleep(AFTERMATH_MS)
    await client.stop()
    const seconds = (performance.now() - startedMs) / 1000
    return measured({ fault, client: kind }, stage, client, { mendedMs, seconds })
  } finally {
    await client.stop()
    await stage.close()
  }
}

/** @returns When the fault ended, on `performance.now()`. */
async function playOut(
  fault: Fault,
  kind: ClientKind,
  stage: Stage,
  client: Client,
): Promise<number> {
  if (fault.fromStart) await fault.strike(stage)
  await stage.start()
  if (!fault.fromStart) {
    await until(10_000, async () => {
      await client.ask()
      return client.seen.statuses.has(200)
    })
  }
  if (kind === 'waiting') client.keepAsking()
  if (!fault.fromStart) await fault.strike(stage)
  await sleep(fault.lastsMs)
  const outage = client.seen.statuses.get(503)
  client.mark()
  await fault.mend(stage)
  client.resumed()
  const mendedMs = performance.now()
  client.keepAsking()
  if (kind === 'waiting' && fault.outlivesSession && !outage) {
    client.seen.wrongs.set('the fault did not outlive the session', 1)
  }
  return mendedMs
}

function measured(
  cell: Pick<Measured, 'fault' | 'client'>,
  stage: Stage,
  { seen }: Client,
  { mendedMs, seconds }: { readonly mendedMs: number; readonly seconds: number },
): Measured {
  const { fault } = cell
  const calls = stage.calls()
  const wrongs = [...seen.wrongs].map(([what, times]) => `${what} (${times})`)
  const unmet = (broken: boolean, what: string): void => void (broken && wrongs.push(what))
  const { withheld, unanswered, newSessionAtMs } = seen
  unmet(withheld > (fault.maxRefusals ?? 0), `a good session was withheld (${withheld})`)
  const outages = seen.statuses.get(503) ?? 0
  unmet(!fault.outlivesSession && outages > (fault.maxRefusals ?? 0), `no session (${outages})`)
  unmet(unanswered > 0 && !fault.nobodyThere, `connection refused or reset (${unanswered})`)
  unmet(newSessionAtMs === undefined, `no new session within ${fault.renewedWithinMs / 1000} s`)
  unmet(calls > FIRST_CALLS + seconds * CALLS_PER_SECOND, `a storm of calls (${calls})`)
  const problem = fault.check?.(stage)
  if (problem !== undefined) wrongs.push(problem)
  const after = (ms: number | undefined) => (ms === undefined ? undefined : ms - mendedMs)
  return {
    ...cell,
    wrongs,
    statuses: seen.statuses,
    unanswered,
    slowestMs: Math.max(...seen.latenciesMs),
    leastLifeMs: seen.leastLifeMs,
    calls,
    sessionAfterMs: after(seen.sessionAtMs),
    renewedAfterMs: after(newSessionAtMs),
    log: stage.log(),
  }
}

async function until(limitMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await holds()) && performance.now() < endMs) await sleep(STEP_MS)
}
