import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseAllDocuments, stringify } from 'yaml'
import type { KubeObject } from '../../sidecar/kube/objects.js'
import { RESOURCES } from '../../sidecar/kube/objects.js'
import { eventually } from '../support/eventually.js'
import { rejectsWithCode } from '../support/rejects.js'
import { realCluster } from './cluster.js'

const OVERLAY = 'sidecar/deploy/kustomize/overlays/built-in-certificates'
const SYSTEM = 'rolesanywhere-system'
const ROLE = 'arn:aws:iam::111122223333:role/web'
const ARN = 'arn:aws:rolesanywhere:eu-central-1:111122223333'

interface Pod extends KubeObject {
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string; readonly restartPolicy?: string }[]
    readonly containers: readonly {
      readonly name: string
      readonly env?: readonly { readonly name: string }[]
    }[]
  }
}

const pod = (name: string, annotations: Record<string, string> = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'team',
      labels: { 'rolesanywhere.io/inject': 'true' },
      annotations,
    },
    spec: { serviceAccountName: 'web', containers: [{ name: 'app', image: 'app:1' }] },
  }) as never

describe('the injector as deployed, behind a real API server', () => {
  const cluster = realCluster()
  let injector: ChildProcess | undefined
  let folder: string
  let log = ''

  before(async function () {
    this.timeout(120_000)
    folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-injector-'))
    const { plane } = cluster
    const port = 18_443
    const rendered = execFileSync('kubectl', ['kustomize', OVERLAY], { encoding: 'utf8' })
    const documents = parseAllDocuments(rendered).map((document) => document.toJS() as Manifest)
    // No network of a cluster here: the API server asks by URL. Everything else is as it is deployed.
    for (const { webhooks } of documents) {
      for (const webhook of webhooks ?? []) {
        webhook.clientConfig = { url: `https://localhost:${port}/mutate` }
      }
    }
    const manifest = join(folder, 'all.yaml')
    writeFileSync(manifest, documents.map((document) => stringify(document)).join('---\n'))
    const apply = ['--kubeconfig', plane.kubeconfig, 'apply', '--validate=strict', '-f', manifest]
    execFileSync('kubectl', apply, { stdio: ['ignore', 'ignore', 'inherit'] })

    const kubeconfig = await plane.kubeconfigOf(SYSTEM, 'rolesanywhere-injector')
    const deployment = documents.find(({ kind }) => kind === 'Deployment')
    const config = documents.find(({ data }) => data?.['injector.yaml'])?.data?.['injector.yaml']
    writeFileSync(join(folder, 'injector.yaml'), config ?? '')
    const [, ...args] = deployment?.spec?.template.spec.containers[0]?.args ?? []
    injector = spawn(
      process.execPath,
      [
        ...['dist/bin/rolesanywhere.cjs', 'injector', '--kubeconfig', kubeconfig],
        ...args.filter((arg) => !arg.startsWith('--config=')),
        ...['--config', join(folder, 'injector.yaml'), '--host', 'localhost'],
        ...['--listen', `127.0.0.1:${port}`, '--health-listen', '127.0.0.1:0'],
        ...['--log-format', 'json', '--log-level', 'debug'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    injector.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
    const { admin } = plane
    await admin.create(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'team',
        annotations: {
          'rolesanywhere.io/trust-anchor-arn': `${ARN}:trust-anchor/00000000-0000-4000-8000-000000000001`,
          'rolesanywhere.io/profile-arn': `${ARN}:profile/00000000-0000-4000-8000-000000000002`,
        },
      },
    })
    await eventually(() => (log.includes('authority written') ? true : undefined), 60_000)
  })
  after(async () => {
    if (injector && injector.exitCode === null) {
      const ended = new Promise((resolve) => injector?.once('exit', resolve))
      injector.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  })

  it('may do what it does, and nothing else', async () => {
    const kubeconfig = await cluster.plane.kubeconfigOf(SYSTEM, 'rolesanywhere-injector')
    const can = (...what: string[]): string => {
      try {
        return execFileSync('kubectl', ['--kubeconfig', kubeconfig, 'auth', 'can-i', ...what], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }).trim()
      } catch {
        return 'no'
      }
    }
    // An API server needs a moment to know of rules that were just applied.
    const own = ['update', 'secrets/rolesanywhere-injector-tls', '-n', SYSTEM]
    await eventually(() => (can(...own) === 'yes' ? true : undefined))
    for (const what of [
      ['create', 'secrets', '-n', SYSTEM],
      ['get', 'secrets', '-n', SYSTEM],
      ['list', 'secrets', '-n', SYSTEM],
      ['get', 'secrets/other', '-n', SYSTEM],
      ['list', 'secrets', '-A'],
      ['list', 'pods', '-A'],
      ['update', 'mutatingwebhookconfigurations/other'],
      ['create', 'mutatingwebhookconfigurations'],
      ['update', 'serviceaccounts', '-n', 'team'],
      ['create', 'serviceaccounts/token', '-n', 'team'],
    ]) {
      expect(can(...what), what.join(' ')).to.equal('no')
    }
  })

  it('injects a pod that was applied together with its service account', async () => {
    const { admin } = cluster.plane
    await admin.create(RESOURCES.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'web',
        namespace: 'team',
        annotations: {
          'rolesanywhere.io/role-arn': ROLE,
          'rolesanywhere.io/certificate-secret': 'web-tls',
        },
      },
    })
    const made = await admin.create(RESOURCES.pods, pod('one'))
    expect(made.spec.initContainers?.[0]).to.include({
      name: 'rolesanywhere-sidecar',
      restartPolicy: 'Always',
    })
    expect(made.spec.containers[0]?.env?.map(({ name }) => name)).to.include(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    )
    expect(made.metadata.annotations?.['rolesanywhere.io/status']).to.equal('injected')
  })

  it('fits the restricted Pod Security Standard', async () => {
    const { admin } = cluster.plane
    const namespace = await admin.get(RESOURCES.namespaces, { name: 'team' })
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await admin.replace(RESOURCES.namespaces, {
      ...namespace,
      metadata: { ...namespace.metadata, labels: { ...namespace.metadata.labels, ...labels } },
    })
    const securityContext = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    }
    const restricted = pod('restricted') as unknown as { spec: { containers: object[] } }
    restricted.spec.containers = [{ name: 'app', image: 'app:1', securityContext }]
    await eventually(async () => {
      // The label takes a moment to reach the admission plugin's cache.
      const plain = { ...pod('plain'), metadata: { name: 'plain', namespace: 'team' } }
      const made = await admin.create(RESOURCES.pods, plain).catch(() => undefined)
      if (!made) return true
      await admin.delete(RESOURCES.pods, plain.metadata)
      return undefined
    })
    const made = await admin.create(RESOURCES.pods, restricted as never as Pod)
    expect(made.metadata.annotations?.['rolesanywhere.io/status']).to.equal('injected')
  })

  it('refuses with a message that kubectl prints', async () => {
    const bad = pod('bad', { 'rolesanywhere.io/role-arn': 'nonsense' })
    const error = await rejectsWithCode(
      cluster.plane.admin.create(RESOURCES.pods, bad),
      'ERR_RA_KUBE_FORBIDDEN',
    )
    expect(error.message).to.match(/rolesanywhere: .*rule setting-invalid/)
    await eventually(async () => {
      const { items } = await cluster.plane.admin.list(RESOURCES.events, { namespace: 'team' })
      return JSON.stringify(items).includes('InjectionRefused') ? true : undefined
    })
  })

  it('leaves pods without the label alone, also while it is gone', async () => {
    const plain = (name: string): Pod => {
      const made = pod(name) as { metadata: object }
      return { ...made, metadata: { name, namespace: 'default' } } as Pod
    }
    const { admin } = cluster.plane
    await admin.create(RESOURCES.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'web', namespace: 'default' },
    })
    const made = await admin.create(RESOURCES.pods, plain('two'))
    expect(made.spec.containers[0]?.env).to.equal(undefined)
    const ended = new Promise((resolve) => injector?.once('exit', resolve))
    injector?.kill('SIGTERM')
    expect(await ended).to.equal(0)
    await admin.create(RESOURCES.pods, plain('three'))
    await rejectsWithCode(admin.create(RESOURCES.pods, pod('four')), 'ERR_RA_KUBE_UNAVAILABLE')
  })
})

interface Manifest {
  readonly kind: string
  readonly data?: Readonly<Record<string, string>>
  readonly webhooks?: { clientConfig: object }[]
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { args: string[] }[] } }
  }
}
