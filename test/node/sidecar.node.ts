import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { RESOURCES } from '../../sidecar/kube/objects.js'
import { eventually } from '../support/eventually.js'
import { node } from './hooks.js'
import {
  createPod,
  currentSerial,
  endOf,
  isReady,
  lister,
  podWhen,
  podWith,
  processOf,
  SIDECAR,
  statusOf,
  TEAM,
} from './pods.js'

/** What the bucket lister prints with `--json`. */
interface Listing {
  readonly caller?: string
  readonly buckets?: readonly { readonly name: string }[]
}

const logOf = (pod: string, container: string): string =>
  node().kubectl('-n', TEAM, 'logs', pod, '-c', container)

const listing = (pod: string, container: string): Listing =>
  JSON.parse(logOf(pod, container)) as Listing

/** Runs a program in a container, through API server and kubelet. @returns what it prints. */
async function execute(pod: string, container: string, program: string): Promise<string> {
  const command = ['--', 'node', '--input-type=module', '-']
  const args = ['--kubeconfig', node().plane.kubeconfig, '-n', TEAM, 'exec', '-i', pod]
  const child = spawn('kubectl', [...args, '-c', container, ...command])
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.end(program)
  const [status] = (await once(child, 'close')) as [number]
  expect(status, output).to.equal(0)
  return output
}

/** What a container logs until it ends. */
function follow(pod: string, container: string): { text: () => string; ended: Promise<unknown> } {
  const { kubeconfig } = node().plane
  const args = ['--kubeconfig', kubeconfig, '-n', TEAM, 'logs', '-f', pod, '-c', container]
  const child = spawn('kubectl', args)
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  return { text: () => text, ended: once(child, 'close') }
}

/** Asks for credentials when it is told to end, a little later than the sidecar would have ended. */
const ENDS_SLOWLY = `
const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file } = process.env
const ask = async () => {
  const authorization = require('node:fs').readFileSync(file, 'utf8')
  return (await fetch(url, { headers: { authorization } })).status
}
process.once('SIGTERM', () => setTimeout(async () => {
  console.log('at the end', await ask())
  process.exit(0)
}, 3000))
setInterval(() => {}, 1000)
// Without a native sidecar nothing holds an application back until its sidecar is ready.
const first = () => ask().then((status) => console.log('at the start', status), () => setTimeout(first, 200))
first()
`

describe('the sidecar under a real kubelet', () => {
  it('starts before an init container of the application, which has credentials, too', async () => {
    const name = 'with-init'
    await createPod(name, {
      spec: {
        initContainers: [lister('early', { args: ['--json'] })],
        containers: [lister('app', { args: ['--json'] })],
      },
    })
    const pod = await podWhen(name, ({ status }) => status?.phase === 'Succeeded')
    expect(pod.spec.initContainers?.map((container) => container.name)).to.deep.equal([
      SIDECAR,
      'early',
    ])
    for (const container of ['early', 'app']) {
      const { caller, buckets } = listing(name, container)
      expect(caller).to.match(/assumed-role\/bucket-lister\//)
      expect(buckets?.map((bucket) => bucket.name)).to.deep.equal(['invoices', 'reports'])
    }
    expect(endOf(pod, SIDECAR)?.exitCode).to.equal(0)
  })

  for (const [what, job] of [
    ['Job', 'bucket-lister-once'],
    ['CronJob', 'now'],
  ] as const) {
    it(`ends after the application of a ${what}, which completes`, async () => {
      const { kubectl } = node()
      kubectl('-n', TEAM, 'wait', '--for=condition=complete', '--timeout=60s', `job/${job}`)
      const { metadata } = await podWith(`batch.kubernetes.io/job-name=${job}`)
      const pod = await podWhen(metadata.name, ({ status }) => status?.phase === 'Succeeded')
      const [app, sidecar] = [endOf(pod, 'app'), endOf(pod, SIDECAR)]
      expect([app?.exitCode, sidecar?.exitCode]).to.deep.equal([0, 0])
      expect(sidecar!.finishedAt >= app!.finishedAt).to.equal(true)
    })
  }

  it('keeps the key from the application', async () => {
    const pod = await podWith('app.kubernetes.io/component=watch')
    const program = readFileSync('test/pods/probe.mjs', 'utf8')
    const found = JSON.parse(await execute(pod.metadata.name, 'app', program)) as object
    expect(found).to.deep.equal({
      keys: [],
      enoughFiles: true,
      foreignProcesses: 0,
      told: 0,
      secretsWithoutToken: 0,
      statuses: {
        bare: 401,
        wrong: 403,
        outside: 404,
        metadata: 404,
        healthz: 200,
        healthCredentials: 404,
        healthMetrics: 200,
      },
      own: 200,
    })
    // It would find a key if there were one: it does where the key belongs.
    const own = await execute(pod.metadata.name, SIDECAR, program)
    expect((JSON.parse(own) as { keys: string[] }).keys).not.to.deep.equal([])
  })

  it('has no token of the service account, where the application has one', async () => {
    const name = 'with-token'
    await createPod(name, {
      spec: {
        automountServiceAccountToken: true,
        containers: [lister('app', { args: ['--watch', '10'] })],
      },
    })
    await podWhen(name, isReady)
    const list = `import { readdirSync } from 'node:fs'
      console.log(readdirSync('/var/run/secrets/kubernetes.io/serviceaccount').includes('token'))`
    expect((await execute(name, 'app', list)).trim()).to.equal('true')
    expect((await execute(name, SIDECAR, list)).trim()).to.equal('false')
    await node().admin.delete(RESOURCES.pods, { namespace: TEAM, name })
  })

  it('is started again by the kubelet when it is killed; the application goes on', async () => {
    const { metadata } = await podWith('app.kubernetes.io/component=watch')
    const { name } = metadata
    const before = await podWhen(name, isReady)
    const restarts = statusOf(before, SIDECAR)?.restartCount ?? 0
    const killedMs = Date.now()
    process.kill(processOf(before, SIDECAR), 'SIGKILL')
    const after = await podWhen(name, (pod) => {
      const status = statusOf(pod, SIDECAR)
      return status?.restartCount === restarts + 1 && status.started === true
    })
    console.log(`      back after ${Date.now() - killedMs} ms`)
    expect(statusOf(after, 'app')?.restartCount).to.equal(0)
    // A client that starts now, with the token of before.
    const { caller } = JSON.parse(
      await execute(name, 'app', "process.argv.push('--json'); await import('/app/main.js')"),
    ) as Listing
    // The session is a new one, of the certificate that the kubelet has brought since.
    expect(caller).to.match(new RegExp(`/bucket-lister/${(await currentSerial()).toString(16)}$`))
    const lines = await eventually(() => {
      const later = logOf(name, 'app')
        .split('\n')
        .filter((line) => line !== '' && Date.parse(line.slice(0, 24)) > killedMs)
      return later.some((line) => line.includes('2 buckets')) ? later : undefined
    }, 20_000)
    expect(lines.filter((line) => !line.includes('2 buckets'))).to.deep.equal([])
  })

  for (const mode of ['native', 'container']) {
    it(`serves while the application ends, and ends after it (${mode})`, async () => {
      const { admin } = node()
      const name = `ends-slowly-${mode}`
      // Keeps what the API server knows, until it was looked at.
      const finalizer = 'rolesanywhere.io/looked-at'
      await createPod(name, {
        annotations: { 'rolesanywhere.io/sidecar-mode': mode },
        finalizers: [finalizer],
        spec: {
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 30,
          containers: [lister('app', { command: ['node', '-e', ENDS_SLOWLY] })],
        },
      })
      try {
        await podWhen(name, isReady)
        const log = follow(name, 'app')
        await eventually(() => (log.text().includes('at the start 200') ? true : undefined))
        await admin.delete(RESOURCES.pods, { namespace: TEAM, name })
        const pod = await podWhen(name, (each) =>
          ['app', SIDECAR].every((container) => endOf(each, container) !== undefined),
        )
        await log.ended
        expect(log.text()).to.include('at the end 200')
        const [app, sidecar] = [endOf(pod, 'app'), endOf(pod, SIDECAR)]
        expect([app?.exitCode, sidecar?.exitCode]).to.deep.equal([0, 0])
        expect(sidecar!.finishedAt >= app!.finishedAt).to.equal(true)
      } finally {
        const patch = [{ op: 'remove', path: '/metadata/finalizers' }]
        const type = 'application/json-patch+json'
        await admin.patch(RESOURCES.pods, { namespace: TEAM, name }, type, patch)
      }
    })
  }

  it('waits for a Secret that is not there yet', async () => {
    const { kubectl, admin } = node()
    const key = { namespace: TEAM, name: 'bucket-lister-tls' }
    const secret = await admin.get(RESOURCES.secrets, key)
    await admin.delete(RESOURCES.secrets, key)
    const name = 'without-secret'
    try {
      await createPod(name, { spec: { containers: [lister('app', { args: ['--json'] })] } })
      await eventually(() =>
        kubectl('-n', TEAM, 'get', 'events').includes('secret "bucket-lister-tls" not found')
          ? true
          : undefined,
      )
      // As the guide's table of signs has it.
      expect(kubectl('-n', TEAM, 'get', 'pod', name)).to.match(/ Init:0\/1 /)
    } finally {
      await admin.create(RESOURCES.secrets, { ...secret, metadata: key })
    }
    await podWhen(name, ({ status }) => status?.phase === 'Succeeded')
  })

  it('holds the application back until there is a session', async () => {
    const { admin, kubectl } = node()
    const scale = (replicas: number): string =>
      kubectl('-n', 'aws-emulator', 'scale', `--replicas=${replicas}`, 'deployment/emulator')
    const name = 'waits'
    scale(0)
    try {
      await eventually(async () => {
        const { items } = await admin.list(RESOURCES.pods, { namespace: 'aws-emulator' })
        return items.length === 0 ? true : undefined
      }, 45_000)
      await createPod(name, { spec: { containers: [lister('app', { args: ['--json'] })] } })
      const waiting = await podWhen(
        name,
        (pod) => statusOf(pod, SIDECAR)?.state?.running !== undefined,
      )
      expect(statusOf(waiting, SIDECAR)?.started).to.equal(false)
      expect(statusOf(waiting, 'app')?.state?.waiting?.reason).to.equal('PodInitializing')
      await eventually(() => (logOf(name, SIDECAR).includes('ERR_RA_') ? true : undefined))
    } finally {
      scale(1)
    }
    const pod = await podWhen(name, ({ status }) => status?.phase === 'Succeeded')
    expect(listing(name, 'app').caller).to.match(/assumed-role\/bucket-lister\//)
    const [app, sidecar] = [endOf(pod, 'app'), endOf(pod, SIDECAR)]
    expect(app!.startedAt >= sidecar!.startedAt).to.equal(true)
  })
})
