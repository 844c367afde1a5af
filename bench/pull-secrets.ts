import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../src/system-clock.js'
import { type ApiServerDouble, kubeconfigFor, startApiServer } from '../test/support/api-server.js'
import { ecrFlags, HOST, operations, startEcr } from '../test/support/ecr.js'
import { PROGRAM, type Stage } from './stage.js'
import { table } from './table.js'

const NAME = 'ecr-pull-secret'
const LOOK_MS = 5

/** One row: how many namespaces there are, and how fast the controller may write. */
interface Case {
  readonly namespaces: number
  readonly writesPerSecond: number
}

/**
 * What it takes to bring a cluster without pull secrets to where each namespace has one and its service
 * account names it: calls, time, memory; and how long a namespace waits that is made meanwhile, or later.
 */
export async function pullSecrets(stage: Stage, quick: boolean): Promise<string> {
  const cases: readonly Case[] = quick
    ? [{ namespaces: 500, writesPerSecond: 1000 }]
    : [
        { namespaces: 500, writesPerSecond: 50 },
        { namespaces: 500, writesPerSecond: 1000 },
        { namespaces: 5_000, writesPerSecond: 50 },
        { namespaces: 5_000, writesPerSecond: 1000 },
      ]
  const rows: string[][] = []
  for (const each of cases) rows.push(await converge(stage, each))
  const header = [
    'namespaces',
    'writes per second',
    'GetAuthorizationToken',
    'lists and watches',
    'writes',
    'seconds',
    'new namespace meanwhile ms',
    'new namespace later ms',
    'resident MB',
    'peak MB',
  ]
  return `Pull secrets: from nothing to everything\n\n${table(header, rows)}`
}

async function converge(stage: Stage, { namespaces, writesPerSecond }: Case): Promise<string[]> {
  const kube = await startApiServer()
  const aws = await startEcr()
  try {
    for (let n = 0; n < namespaces; n++) addNamespace(kube, `ns-${n}`)
    const system = { name: 'rolesanywhere-pull-secrets', namespace: 'default' }
    kube.put('api/v1/configmaps', { metadata: system })
    const kubeconfig = join(stage.folder, 'pull-secrets-kubeconfig')
    await writeFile(kubeconfig, kubeconfigFor(kube.url))
    const begin = performance.now()
    const { process } = await stage.start(
      [
        ...[PROGRAM, 'ecr', 'pull-secrets', '--registry', HOST, ...ecrFlags(aws.url)],
        ...['--kubeconfig', kubeconfig, '--health-listen', '127.0.0.1:0'],
        ...['--writes-per-second', String(writesPerSecond), '--log-format', 'json'],
      ],
      /became the leader/,
    )
    await until(() => kube.all('api/v1/secrets').length > namespaces / 10)
    const meanwhile = await served(kube, 'new-meanwhile')
    await until(() => isServed(kube, `ns-${namespaces - 1}`) && allServed(kube, namespaces + 1))
    const seconds = (performance.now() - begin) / 1000
    const later = await served(kube, 'new-later')
    const [resident, peak] = memory(process.pid)
    const writes = kube.requests.filter(
      ({ method, path }) =>
        (method === 'POST' && path.endsWith('/secrets')) ||
        (method === 'PATCH' && path.includes('/serviceaccounts/')),
    ).length
    const reads = kube.requests.filter(
      ({ method, path }) => method === 'WATCH' || (method === 'GET' && !path.includes(system.name)),
    ).length
    process.kill('SIGTERM')
    return [
      namespaces.toLocaleString('en'),
      String(writesPerSecond),
      String(operations(aws)['GetAuthorizationToken'] ?? 0),
      String(reads),
      writes.toLocaleString('en'),
      seconds.toFixed(1),
      meanwhile.toFixed(0),
      later.toFixed(0),
      resident,
      peak,
    ]
  } finally {
    await kube.close()
    await aws.close()
  }
}

function addNamespace(kube: ApiServerDouble, name: string): void {
  kube.put('api/v1/namespaces', { metadata: { name } })
  kube.put('api/v1/serviceaccounts', { metadata: { name: 'default', namespace: name } })
}

/** @returns the time in milliseconds from a namespace's making until its service account is complete. */
async function served(kube: ApiServerDouble, name: string): Promise<number> {
  const begin = performance.now()
  addNamespace(kube, name)
  await until(() => isServed(kube, name))
  return performance.now() - begin
}

const isServed = (kube: ApiServerDouble, namespace: string): boolean =>
  kube.get('api/v1/serviceaccounts', 'default', namespace)?.['imagePullSecrets'] !== undefined &&
  kube.get('api/v1/secrets', NAME, namespace) !== undefined

const allServed = (kube: ApiServerDouble, count: number): boolean =>
  kube.all('api/v1/serviceaccounts').filter((each) => each['imagePullSecrets'] !== undefined)
    .length === count

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await systemClock.sleep(LOOK_MS)
}

/** Resident memory now, and at most, in megabytes. */
function memory(pid: number | undefined): readonly [resident: string, peak: string] {
  try {
    const status = readFileSync(`/proc/${pid ?? 0}/status`, 'utf8')
    const megabytes = (field: string): string =>
      (Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024).toFixed(0)
    return [megabytes('VmRSS'), megabytes('VmHWM')]
  } catch {
    return ['?', '?']
  }
}
