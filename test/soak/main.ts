import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { quantile, table } from '../../bench/table.js'
import { startAws, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { pair, Volume } from '../support/volume.js'
import { ask, LATE_MS, startClients } from './clients.js'
import { graph } from './graph.js'
import { type Sample, startSubject, WITHOUT_COMPILER } from './program.js'
import { randomFrom } from './random.js'
import { dataRule, memoryRules, restRules, type Rule } from './rules.js'
import { shortenSessions } from './short-sessions.js'
import { makeTrouble } from './trouble.js'

/**
 * A soak: the built `serve` with sessions of five minutes that are renewed every ten seconds, clients
 * that ask all the time, faults of the service, changed certificates, tokens and settings. Beside it
 * runs a twin without V8's compiler, to which the same happens: its heap shows what the program holds.
 * Prints what was measured and whether every rule held; ends with status 1 when one did not.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    graph: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isInteger(seed))
  throw new TypeError('--minutes or --seed is no number')
const random = randomFrom(seed)

const SESSION_LIFE_MS = 5 * 60_000
const SAMPLE_EVERY_MS = Math.max(1_000, Math.min(5_000, minutes * 500))

/** Of the driver: what it cannot see in time, it cannot blame on the program. */
const ownDelay = monitorEventLoopDelay({ resolution: 10 })

const folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-soak-'))
const aws = await startAws()
const service = await shortenSessions(aws.url, SESSION_LIFE_MS)
const twinService = await shortenSessions(aws.url, SESSION_LIFE_MS)
const volume = new Volume(folder, pair('ec-p256'))
const tokenFile = join(folder, 'token')
const flags = (endpoint: string): string[] => [
  ...['--certificate', volume.files.certificate, '--private-key', volume.files.privateKey],
  ...targetFlags(endpoint),
  ...['--listen', '127.0.0.1:0', '--health-listen', '127.0.0.1:0', '--timeout', '5s'],
  ...['--authorization-token-file', tokenFile, '--refresh-on-new-certificate'],
]
const subject = await startSubject(flags(service.url))
const twin = await startSubject(flags(twinService.url), WITHOUT_COMPILER)

try {
  console.log(`soak of ${minutes} minutes, Node ${process.version}, --seed ${seed}`)
  await eventually(() => (service.last() ? true : undefined))
  // The health listener loads what it needs with its first request.
  for (const { health } of [subject, twin]) {
    for (const path of ['/readyz', '/metrics', '/']) await ask(health + path)
  }
  const before = await restingSample(() => true)
  const rules = await soak(before)
  console.log(
    `\n${table(
      ['rule', 'measured', 'limit', ''],
      rules.map(({ what, measured, limit, held }) => [
        what,
        measured,
        limit,
        held ? 'held' : 'BROKEN',
      ]),
    )}`,
  )
  const broken = rules.filter(({ held }) => !held).length
  console.log(`\n${rules.length - broken} passed, ${broken} failed`)
  process.exitCode = broken === 0 ? 0 : 1
} finally {
  for (const { process } of [subject, twin]) process.kill('SIGKILL')
  for (const each of [service, twinService]) each.close()
  await aws.close()
  rmSync(folder, { recursive: true })
}

async function soak(before: Sample): Promise<Rule[]> {
  const startedMs = performance.now()
  const seconds = (): number => (performance.now() - startedMs) / 1000
  const hangUp = (): void => {
    for (const { process } of [subject, twin]) process.kill('SIGHUP')
  }
  const trouble = makeTrouble({ aws, volume, tokenFile, hangUp, random, seconds })
  const clients = startClients({ ...subject, tokenFile, random }, { kept: 8, fresh: 3 })
  const twinClients = startClients({ ...twin, tokenFile, random }, { kept: 1, fresh: 1 })
  ownDelay.enable()
  const samples: Sample[] = []
  const twinSamples: Sample[] = []
  while (seconds() < minutes * 60) {
    samples.push(await subject.sample(seconds()))
    twinSamples.push(await twin.sample(seconds()))
    if (samples.length % 60 === 0) progress(samples.at(-1)!, clients.tally.answers)
    await sleep(SAMPLE_EVERY_MS)
  }
  ownDelay.disable()
  await Promise.all([clients.stop(), twinClients.stop(), trouble.stop()])

  // Between two renewals, once the last fault is forgotten.
  const renewed = service.last()
  await eventually(() => (service.last() === renewed ? undefined : true), 130_000)
  const after = await restingSample(
    ({ sockets, timers }) => sockets <= before.sockets && timers <= before.timers,
  )
  const { latenciesMs, ...counts } = clients.tally
  const answers = counts.answers + twinClients.tally.answers
  const wrong = [...counts.wrong, ...twinClients.tally.wrong.map((line) => `${line} (the twin)`)]
  const ms = (share: number): string => quantile(latenciesMs, share).toFixed(1)
  report({
    'good answers': counts.answers,
    'good answers of the twin': twinClients.tally.answers,
    'refused requests': counts.refusals,
    'clients that broke off': counts.dropped,
    'p50, p99, p99.9 and slowest answer, ms': [0.5, 0.99, 0.999, 1].map(ms).join(', '),
    "p99.9 of the driver's own delay, ms": (ownDelay.percentile(99.9) / 1e6).toFixed(1),
    'faults of the service': trouble.incidents.length,
    ...trouble.changes,
    ...Object.fromEntries([...subject.logged].map(([line, count]) => [`logged: ${line}`, count])),
    'RSS at the start, end and most, MB': trio(samples, ({ rssBytes }) => rssBytes),
    'heap at the start, end and most, MB': trio(samples, ({ heapBytes }) => heapBytes),
    "the twin's heap at the start, end and most, MB": trio(twinSamples, (of) => of.heapBytes),
    'most sockets': Math.max(...samples.map(({ sockets }) => sockets)),
  })
  if (values.graph) writeFileSync(values.graph, graph(samples, trouble.incidents))
  for (const line of wrong) console.log(`WRONG ${line}`)
  const status = await subject.stop()
  return [
    {
      what: `answers that were blank, expired, an error, or took ${LATE_MS} ms`,
      measured: `${wrong.length} of ${answers}`,
      limit: 'none',
      held: wrong.length === 0 && counts.answers > 0,
    },
    ...memoryRules(samples, minutes),
    dataRule(twinSamples, minutes),
    ...restRules(before, after),
    { what: 'exit status after SIGTERM', measured: String(status), limit: '0', held: status === 0 },
  ]
}

/** A sample between two calls of CreateSession, when nothing is under way. */
async function restingSample(good: (sample: Sample) => boolean): Promise<Sample> {
  const endMs = performance.now() + 30_000
  for (;;) {
    await eventually(() => quietFor(service.last()?.at) || undefined, 60_000)
    const sample = await subject.sample(0)
    if (good(sample) || performance.now() > endMs) return sample
    await sleep(500)
  }
}

function quietFor(at: Date | undefined): boolean {
  const ageMs = Date.now() - (at?.getTime() ?? Number.NaN)
  return ageMs > 2_000 && ageMs < 7_000
}

function progress({ at, rssBytes, heapBytes, sockets }: Sample, answers: number): void {
  const mb = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
  console.log(
    `${(at / 60).toFixed(1)} min: ${answers} answers, RSS ${mb(rssBytes)} MB, heap ${mb(heapBytes)} MB, ${sockets} sockets`,
  )
}

function trio(samples: readonly Sample[], of: (sample: Sample) => number): string {
  const values = samples.map((sample) => of(sample) / 1024 / 1024)
  return [values[0], values.at(-1), Math.max(...values)].map((mb) => mb?.toFixed(1)).join(', ')
}

function report(lines: Readonly<Record<string, string | number>>): void {
  console.log(
    `\n${table(
      ['', ''],
      Object.entries(lines).map(([name, value]) => [name, String(value)]),
    )}`,
  )
}
