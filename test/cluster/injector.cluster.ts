import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
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

const OVERLAY = 'sidecar/deploy/kustomize/overlays/warnings'
const SYSTEM = 'rolesanywhere-system'
/** Where the API server mounts the token of the service account. */
const TOKENS = '/var/run/secrets/kubernetes.io/serviceaccount'
const ROLE = 'arn:aws:iam::111122223333:role/web'
const ARN = 'arn:aws:rolesanywhere:eu-central-1:111122223333'

interface Container {
  readonly name: string
  readonly restartPolicy?: string
  readonly env?: readonly { readonly name: string }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Pod extends KubeObject {
  readonly spec: {
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
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
  const cluster = realCluster({ mountsTokens: true })
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
    const annotations = {
      'rolesanywhere.io/trust-anchor-arn': `${ARN}:trust-anchor/00000000-0000-4000-8000-000000000001`,
      'rolesanywhere.io/profile-arn': `${ARN}:profile/00000000-0000-4000-8000-000000000002`,
    }
    for (const name of ['team', 'team-a', 'team-b']) {
      const metadata = { name, annotations }
      await plane.admin.create(RESOURCES.namespaces, {
        ...{ apiVersion: 'v1', kind: 'Namespace', metadata },
      })
    }
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
      ['get', 'secrets/web-tls', '-n', 'team'],
      ['get', 'secrets/other', '-n', 'team-a'],
      ['list', 'secrets', '-n', 'team-a'],
      ['list', 'clusterissuers.cert-manager.io'],
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

  for (const mode of ['native', 'container']) {
    it(`leaves the token of the service account to the application (${mode})`, async () => {
      const annotations = {
        'rolesanywhere.io/sidecar-mode': mode,
        'rolesanywhere.io/credentials-file': 'true',
      }
      const { spec } = await cluster.plane.admin.create(
        RESOURCES.pods,
        pod(`${mode}-${randomUUID()}`, annotations),
      )
      const token = ({ volumeMounts = [] }: Container): string =>
        volumeMounts.find(({ mountPath }) => mountPath === TOKENS)?.name ?? ''
      const all = [...(spec.initContainers ?? []), ...spec.containers]
      const [app, own] = [true, false].map((wanted) =>
        all.filter(({ name }) => (name === 'app') === wanted),
      )
      expect(app?.map(token).join()).to.match(/^kube-api-access-/)
      expect(own).to.have.length.greaterThan(1)
      expect(own?.map(token).join()).not.to.include('kube-api-access')
    })
  }

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

  describe('where it warns', () => {
    const apply = (...objects: object[]): string => {
      const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
      const args = ['--kubeconfig', cluster.plane.kubeconfig, 'apply', '-f', '-']
      const { status, stderr } = spawnSync('kubectl', args, { input, encoding: 'utf8' })
      expect(status, stderr).to.equal(0)
      return stderr
    }
    const warningsOf = (source: Record<string, string>, namespace = 'team-a'): string => {
      const annotations = Object.entries({ 'role-arn': ROLE, ...source }).map(([name, value]) => [
        `rolesanywhere.io/${name}`,
        value,
      ])
      const made = pod(`app-${randomUUID()}`, Object.fromEntries(annotations))
      return apply({ ...made, metadata: { ...made.metadata, namespace } })
    }
    before(() => {
      for (const namespace of ['team-a', 'team-b']) {
        const metadata = { name: 'web', namespace }
        apply({ ...{ apiVersion: 'v1', kind: 'ServiceAccount' }, metadata })
      }
    })

    it('warns of a Secret, as soon as that is missing, where it has the right to look', async () => {
      // An API server needs a moment to know of rules that were just applied.
      await eventually(() => {
        const told = warningsOf({ 'certificate-secret': 'web-tls' })
        return told.includes('there is no Secret "web-tls" in namespace team-a') ? true : undefined
      }, 70_000)
      expect(warningsOf({ 'certificate-secret': 'other' })).to.equal('')
      expect(warningsOf({ 'certificate-secret': 'web-tls' }, 'team-b')).to.equal('')
    }).timeout(90_000)

    it('tells a Secret that is complete from one that is not', async () => {
      const secret = { apiVersion: 'v1', kind: 'Secret' }
      const metadata = { name: 'worker-tls', namespace: 'team-a' }
      apply({ ...secret, metadata, stringData: { 'tls.crt': 'hunter2' } })
      const source = { 'certificate-secret': 'worker-tls' }
      expect(warningsOf(source)).to.include('has 1 entries, too few for tls.crt and tls.key')
      apply({ ...secret, metadata, stringData: { 'tls.crt': 'hunter2', 'tls.key': 'x' } })
      await eventually(() => (warningsOf(source) === '' ? true : undefined))
      expect(log).not.to.include('hunter2')
    })

    it('warns of labels that do nothing, without being asked itself', async () => {
      const label = { 'rolesanywhere.io/inject': 'true' }
      const deployment = (own: object, ofPods: object): object => ({
        ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
        metadata: { name: `app-${randomUUID()}`, namespace: 'team-b', labels: own },
        spec: {
          selector: { matchLabels: { app: 'app' } },
          template: {
            metadata: { labels: { app: 'app', ...ofPods } },
            spec: { containers: [{ name: 'app', image: 'app:1' }] },
          },
        },
      })
      await eventually(() => {
        const told = apply(deployment(label, {}))
        return told.includes('inject has to be on the pods') ? true : undefined
      })
      expect(apply(deployment({}, { 'rolesanywhere.io/inject': 'TRUE' }))).to.include(
        'unless it is',
      )
      const plain = pod(`plain-${randomUUID()}`)
      const labels = { 'rolesanywhere.io/inject': 'yes' }
      const metadata = { ...plain.metadata, namespace: 'team-b', labels }
      expect(apply({ ...plain, metadata })).to.include('asks for nothing unless it is "true"')
      for (const right of [deployment(label, label), deployment({}, label), deployment({}, {})]) {
        expect(apply(right)).to.equal('')
      }
    })

    it('warns of a driver and an issuer', async () => {
      const source = { 'certificate-issuer': 'ClusterIssuer/workloads' }
      const waitFor = async (part: string): Promise<void> => {
        await eventually(() => (warningsOf(source).includes(part) ? true : undefined))
      }
      await waitFor('the CSI driver csi.cert-manager.io is not installed')
      const driver = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver' }
      apply({ ...driver, metadata: { name: 'csi.cert-manager.io' }, spec: {} })
      await waitFor('there is no ClusterIssuer "workloads"')
      apply(CLUSTER_ISSUERS)
      const issuer = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer' }
      const status = { conditions: [{ type: 'Ready', status: 'False' }] }
      await eventually(() => {
        try {
          apply({ ...issuer, metadata: { name: 'workloads' }, status })
          return true
        } catch {
          return undefined
        }
      })
      await waitFor('ClusterIssuer "workloads" is not ready')
    })
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

  // Suites run after tests, and this one ends the injector.
  describe('while it is gone', () => {
    it('is missed by no pod without the label', async () => {
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
})

/** With the columns of the real one, and its status not apart. */
const CLUSTER_ISSUERS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'clusterissuers.cert-manager.io' },
  spec: {
    group: 'cert-manager.io',
    scope: 'Cluster',
    names: { kind: 'ClusterIssuer', plural: 'clusterissuers' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
        additionalPrinterColumns: [
          {
            ...{ name: 'Ready', type: 'string' },
            jsonPath: '.status.conditions[?(@.type == "Ready")].status',
          },
        ],
      },
    ],
  },
}

interface Manifest {
  readonly kind: string
  readonly data?: Readonly<Record<string, string>>
  readonly webhooks?: { clientConfig: object }[]
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { args: string[] }[] } }
  }
}
