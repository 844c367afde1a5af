import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import type { KubeObject } from '../../sidecar/kube/objects.js'
import { RESOURCES } from '../../sidecar/kube/objects.js'
import type { SecretObject } from '../../sidecar/pull-secrets/pull-secret.js'
import type { Emulator } from '../../src/emulator/index.js'
import { ecrFlags, HOST, operations, startEcr } from '../support/ecr.js'
import { eventually } from '../support/eventually.js'
import { PROGRAM, type Running, start } from '../support/program.js'
import { rejectsWithCode } from '../support/rejects.js'
import { realCluster } from './cluster.js'

const OVERLAYS = 'sidecar/deploy/kustomize/overlays'
const SYSTEM = 'rolesanywhere-system'
const ACCOUNT = 'rolesanywhere-pull-secrets'
const NAME = 'ecr-pull-secret'
const JOB = 'sidecar/deploy/kustomize/pull-secrets/uninstall/job.yaml'

interface ServiceAccount extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name: string }[]
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

describe('the pull-secret controller as deployed, with a real API server', () => {
  const cluster = realCluster()
  let aws: Emulator
  let kubeconfig: string
  let foreign: SecretObject
  const running = new Set<Running>()

  const kubectl = (...args: string[]): string =>
    execFileSync('kubectl', ['--kubeconfig', cluster.plane.kubeconfig, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  /** The arguments of the program that do not come from the deployment. */
  const around = (config = kubeconfig): string[] => [
    ...['--kubeconfig', config, '--log-format', 'json', '--log-level', 'debug'],
  ]
  const run = (...args: string[]): Running => {
    const started = start([PROGRAM, 'ecr', 'pull-secrets', ...around(), ...args])
    running.add(started)
    return started
  }
  const controller = (...args: string[]): Running => {
    const listen = ['--health-listen', '127.0.0.1:0']
    return run('--registry', HOST, ...ecrFlags(aws.url), ...listen, ...args)
  }
  const stop = async (process: Running): Promise<void> => {
    running.delete(process)
    expect((await process.stop()).status).to.equal(0)
  }
  const namespace = async (name: string): Promise<void> => {
    const { admin } = cluster.plane
    await admin.create(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    })
    await account(name)
  }
  /** There is no controller here that makes one. */
  const account = async (ns: string, name = 'default'): Promise<void> => {
    await cluster.plane.admin.create(RESOURCES.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: ns },
    })
  }
  const secretIn = async (ns: string): Promise<SecretObject | undefined> =>
    cluster.plane.admin
      .get<SecretObject>(RESOURCES.secrets, { namespace: ns, name: NAME })
      .catch(() => undefined)
  const accountIn = async (ns: string, name = 'default'): Promise<ServiceAccount> =>
    cluster.plane.admin.get<ServiceAccount>(RESOURCES.serviceAccounts, { namespace: ns, name })
  const listIn = async (ns: string, name = 'default'): Promise<readonly string[]> =>
    ((await accountIn(ns, name)).imagePullSecrets ?? []).map((entry) => entry.name)
  const served = async (ns: string): Promise<SecretObject> =>
    eventually(async () => {
      const secret = await secretIn(ns)
      return secret && (await listIn(ns)).includes(NAME) ? secret : undefined
    }, 15_000)

  before(async function () {
    this.timeout(120_000)
    kubectl('apply', '--validate=strict', '-k', `${OVERLAYS}/pull-secrets`)
    kubeconfig = await cluster.plane.kubeconfigOf(SYSTEM, ACCOUNT)
    aws = await startEcr()
    await namespace('one')
    // Before the controller, which would be quicker.
    await namespace('foreign')
    foreign = await cluster.plane.admin.create<SecretObject>(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: NAME, namespace: 'foreign' },
      data: { x: 'eA==' },
    })
  })
  after(async () => {
    await Promise.all([...running].map(async (each) => each.stop('SIGKILL')))
    await aws.close()
  })
  /** An API server that has just started, or got new rules, refuses for a moment what they permit. */
  const refusals = (): number =>
    [...running].reduce((sum, each) => sum + each.log().split('HTTP 403').length - 1, 0)
  let excused = Infinity
  afterEach(() => {
    expect(refusals()).to.be.at.most(excused)
  })

  /** The object of a manifest that has a pod template, as the API server completes it. */
  const deployed = (path: string, flag: '-f' | '-k'): Templated => {
    const apply = ['apply', '--validate=strict', '--dry-run=server', '-o', 'json', flag, path]
    const made = JSON.parse(kubectl(...apply)) as Templated | { readonly items: Templated[] }
    const all = 'items' in made ? made.items : [made]
    const found = all.find(({ spec }) => spec?.template !== undefined)
    if (!found) throw new Error(`nothing with a pod template in ${path}`)
    return found
  }

  const can = (config: string, what: readonly string[]): string => {
    try {
      return execFileSync('kubectl', ['--kubeconfig', config, 'auth', 'can-i', ...what], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    } catch {
      return 'no'
    }
  }

  it('may do what it does, and nothing else', async () => {
    const secret = `secrets/${NAME}`
    // The roles reach the authorizer a moment after they were made.
    await eventually(() =>
      can(kubeconfig, ['get', secret, '-n', 'one']) === 'yes' ? true : undefined,
    )
    for (const [allowed, ...what] of [
      ...['get', 'list', 'watch', 'update', 'delete'].map((verb) => ['yes', verb, secret]),
      ['yes', 'create', 'secrets'],
      ['yes', 'patch', 'serviceaccounts'],
      ['yes', 'list', 'namespaces'],
      ['yes', 'create', 'events.events.k8s.io'],
      ...['get', 'list', 'watch', 'update', 'patch', 'delete'].map((verb) => [
        'no',
        verb,
        'secrets',
      ]),
      ['no', 'get', 'secrets/other'],
      ['no', 'patch', secret],
      ['no', 'deletecollection', secret],
      ['no', 'create', 'serviceaccounts'],
      ['no', 'create', 'serviceaccounts/token'],
      ['no', 'update', 'serviceaccounts'],
      ['no', 'delete', 'serviceaccounts'],
      ['no', 'get', 'pods'],
      ['no', 'get', 'configmaps'],
      ['no', 'update', 'namespaces'],
      ['no', 'update', 'leases.coordination.k8s.io'],
    ]) {
      expect(can(kubeconfig, [...what, '-n', 'one']), what.join(' ')).to.equal(allowed)
    }
    for (const what of ['leases.coordination.k8s.io', 'configmaps']) {
      expect(can(kubeconfig, ['update', `${what}/${ACCOUNT}`, '-n', SYSTEM])).to.equal('yes')
      expect(can(kubeconfig, ['update', `${what}/other`, '-n', SYSTEM])).to.equal('no')
    }
  })

  it('runs in pods that fit the restricted Pod Security Standard', async () => {
    const { admin } = cluster.plane
    for (const [name, { spec }] of [
      ['deployment', deployed(`${OVERLAYS}/pull-secrets`, '-k')],
      ['job', deployed(JOB, '-f')],
    ] as const) {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: SYSTEM },
        spec: spec.template.spec,
      }
      await admin.create(RESOURCES.pods, pod)
      const loose = { ...pod, metadata: { name: `${name}-loose`, namespace: SYSTEM } }
      const containers = spec.template.spec.containers.map((each) => ({
        ...each,
        securityContext: {},
      }))
      await rejectsWithCode(
        admin.create(RESOURCES.pods, { ...loose, spec: { ...spec.template.spec, containers } }),
        'ERR_RA_KUBE_FORBIDDEN',
      )
    }
  })

  describe('while it runs', () => {
    let leader: Running

    before(async () => {
      leader = controller()
      await leader.logged(/became the leader/)
    })

    it('writes a Secret that the API server takes as one for pulling', async () => {
      const { type, data } = await served('one')
      expect(type).to.equal('kubernetes.io/dockerconfigjson')
      const content = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
      const { auths } = JSON.parse(content) as { auths: Record<string, { username: string }> }
      expect(auths[HOST]?.username).to.equal('AWS')
    })

    it('serves a new namespace, without asking AWS again', async () => {
      const before = operations(aws)
      await namespace('two')
      await served('two')
      expect(operations(aws)).to.deep.equal(before)
      expect(before['GetAuthorizationToken']).to.equal(1)
      excused = refusals()
    })

    it('puts back what is edited, with the same UID, and what is deleted', async () => {
      const { admin } = cluster.plane
      const secret = await served('one')
      const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
      await admin.replace<SecretObject>(RESOURCES.secrets, { ...secret, data })
      const restored = await eventually(async () => {
        const now = await secretIn('one')
        return now?.data?.['.dockerconfigjson'] === data['.dockerconfigjson'] ? undefined : now
      })
      expect(restored.metadata.uid).to.equal(secret.metadata.uid)
      expect(restored.data).to.deep.equal(secret.data)
      await admin.delete(RESOURCES.secrets, { namespace: 'one', name: NAME })
      expect((await served('one')).metadata.uid).not.to.equal(secret.metadata.uid)
    })

    it('loses none of the edits that others make to service accounts meanwhile', async () => {
      const { admin } = cluster.plane
      await namespace('busy')
      const names = Array.from({ length: 20 }, (_, n) => `theirs-${n}`)
      for (const name of names) {
        // Read, change, write: a conflict is tried again, as every well-behaved client does.
        await eventually(async () => {
          const now = await accountIn('busy')
          const imagePullSecrets = [...(now.imagePullSecrets ?? []), { name }]
          return admin
            .replace<ServiceAccount>(RESOURCES.serviceAccounts, { ...now, imagePullSecrets })
            .catch(() => undefined)
        })
      }
      await served('busy')
      expect(await listIn('busy')).to.have.members([...names, NAME])
    })

    it('does not touch a Secret of somebody else, and tells of it', async () => {
      const { admin } = cluster.plane
      await eventually(async () => {
        const { items } = await admin.list(RESOURCES.events, { namespace: 'foreign' })
        return JSON.stringify(items).includes('PullSecretForeign') ? true : undefined
      })
      expect(await secretIn('foreign')).to.deep.equal(foreign)
      expect(await listIn('foreign')).to.deep.equal([])
    })

    it('serves a service account that asks for it, and leaves one that another serves', async () => {
      const { admin } = cluster.plane
      await account('two', 'builder')
      await account('two', 'own')
      const own = await accountIn('two', 'own')
      const theirs = { ...own, imagePullSecrets: [{ name: NAME }] }
      await admin.replace<ServiceAccount>(RESOURCES.serviceAccounts, theirs)
      const annotate = ['annotate', 'serviceaccount', '-n', 'two', 'builder']
      kubectl(...annotate, 'rolesanywhere.io/pull-secret=true')
      await eventually(async () =>
        (await listIn('two', 'builder')).includes(NAME) ? true : undefined,
      )
      kubectl(...annotate, 'rolesanywhere.io/pull-secret-')
      await eventually(async () =>
        (await listIn('two', 'builder')).length === 0 ? true : undefined,
      )
      expect(await listIn('two', 'own')).to.deep.equal([NAME])
    })

    it('says how it does, where its manifests have put a ConfigMap for it', async () => {
      const conditions = await eventually(async () => {
        const key = { namespace: SYSTEM, name: ACCOUNT }
        const { data } = await cluster.plane.admin.get<ConfigMap>(RESOURCES.configMaps, key)
        return data?.['conditions']
      }, 30_000)
      expect(conditions).to.match(/"type": "TokensFresh",\s+"status": "True"/)
    })

    it('goes on after the API server was away', async function () {
      this.timeout(180_000)
      await cluster.plane.restart()
      await namespace('after')
      await served('after')
      excused = refusals()
    })

    it('has another process take over, which rewrites nothing', async () => {
      const version = (await served('one')).metadata.resourceVersion
      const standby = controller()
      const line = await standby.logged(/keeping pull secrets/)
      const { health } = JSON.parse(line) as { health: string }
      await eventually(async () => ((await fetch(`${health}/readyz`)).ok ? true : undefined))
      expect(standby.log()).not.to.include('became the leader')
      await stop(leader)
      await standby.logged(/became the leader/)
      await namespace('three')
      await served('three')
      expect((await secretIn('one'))?.metadata.resourceVersion).to.equal(version)
      leader = standby
    })

    it('has another process take over from one that was killed', async () => {
      const standby = controller()
      await standby.logged(/keeping pull secrets/)
      running.delete(leader)
      await leader.stop('SIGKILL')
      await standby.logged(/became the leader/)
      await namespace('four')
      await served('four')
      await stop(standby)
    })
  })

  describe('as a run that ends', () => {
    it('fails for what it may not do, rather than wait', async () => {
      const config = await cluster.plane.kubeconfigOf('one', 'default')
      const refused = start([PROGRAM, 'ecr', 'pull-secrets', ...around(config), '--uninstall'])
      const { status, stderr } = await refused.finished()
      expect(status).to.equal(5)
      expect(stderr).to.include('ERR_RA_KUBE_FORBIDDEN')
    })

    it('does what is to be done and ends, with --once', async () => {
      await namespace('five')
      const { status } = await run('--registry', HOST, ...ecrFlags(aws.url), '--once').finished()
      expect(status).to.equal(0)
      expect(await secretIn('five')).not.to.equal(undefined)
      expect(await listIn('five')).to.deep.equal([NAME])
    })

    it('works with Roles in single namespaces alone', async () => {
      await namespace('team-a')
      await namespace('team-b')
      kubectl('delete', 'clusterrolebinding,clusterrole', ACCOUNT)
      kubectl('apply', '--validate=strict', '-k', `${OVERLAYS}/pull-secrets-scoped`)
      expect(can(kubeconfig, ['list', `secrets/${NAME}`, '-n', 'one'])).to.equal('no')
      expect(can(kubeconfig, ['list', 'namespaces'])).to.equal('no')
      const scope = ['--scoped', '--namespace', 'team-a', '--namespace', 'team-b']
      const scoped = controller(...scope)
      await served('team-a')
      await served('team-b')
      await stop(scoped)
      expect(scoped.log()).not.to.include('HTTP 403')
      const { status } = await run(...scope, '--uninstall').finished()
      expect(status).to.equal(0)
      expect(await secretIn('team-a')).to.equal(undefined)
      expect(await listIn('team-b')).to.deep.equal([])
      kubectl('apply', '-k', `${OVERLAYS}/pull-secrets`)
    })

    it('leaves nothing behind after --uninstall, and everything of others', async () => {
      const { admin } = cluster.plane
      const asked = operations(aws)
      const { status, stderr } = await run('--uninstall').finished()
      expect(status, stderr).to.equal(0)
      expect(operations(aws), 'AWS is not needed').to.deep.equal(asked)
      const secrets = await admin.list(RESOURCES.secrets, {
        fieldSelector: `metadata.name=${NAME}`,
      })
      expect(secrets.items.map(({ metadata }) => metadata.namespace)).to.deep.equal(['foreign'])
      const { items } = await admin.list<ServiceAccount>(RESOURCES.serviceAccounts)
      const naming = items.filter((each) =>
        JSON.stringify(each.imagePullSecrets ?? []).includes(NAME),
      )
      expect(naming.map(({ metadata }) => metadata.name)).to.deep.equal(['own'])
      expect(JSON.stringify(items.map(({ metadata }) => metadata.annotations))).not.to.include(
        'rolesanywhere.io/pull-secret-added',
      )
      expect(await listIn('busy')).to.have.length(20)
    })

    it('can be uninstalled by the Job of the manifests', () => {
      const { spec } = deployed(JOB, '-f')
      expect(spec.template.spec.serviceAccountName).to.equal(ACCOUNT)
      expect(spec.template.spec.containers[0]?.args).to.deep.equal([
        ...['ecr', 'pull-secrets', '--uninstall'],
      ])
    })
  })
})

interface Templated {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string
        readonly containers: readonly { readonly args: readonly string[] }[]
      }
    }
  }
}
