import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { RESOURCES } from '../../sidecar/kube/objects.js'
import { setStage, type Stage } from '../registry/stage.js'
import { ARNS } from '../support/aws.js'
import { ecrFlags, HOST, KUBELET_PLUGIN, operations } from '../support/ecr.js'
import { eventually } from '../support/eventually.js'
import { endPrograms, PROGRAM, rolesanywhere, start } from '../support/program.js'
import { blockWith } from './guide.js'
import { node } from './hooks.js'
import { type Pod, podWhen, statusOf } from './pods.js'

const NAMESPACE = 'private-images'
const SYSTEM = 'rolesanywhere-system'
const INSTALLER = 'examples/ecr/install-credential-provider.sh'
const AUDIENCE = 'registries'

describe('a real kubelet and private images in Amazon ECR', () => {
  let stage: Stage
  let folder: string
  /** Where the provider was put, as flags of its installer. */
  let installed: string[]

  before(async function () {
    this.timeout(60_000)
    const { setting, runtime, admin } = node()
    const content = readFileSync(setting.programs.pause)
    stage = await setStage({ name: 'pause', content, entrypoint: ['/pause'] })
    folder = join(setting.folder, 'images')
    mkdirSync(folder)
    // ECR's own host name is this machine, and its TLS is to be trusted.
    execFileSync('mount', ['--bind', join(stage.folder, 'hosts'), '/etc/hosts'])
    const ca = join(stage.certificates ?? '', 'ca.crt')
    mkdirSync(join(runtime.registries, HOST))
    const hosts = `server = "https://${HOST}"\n[host."https://${HOST}"]\nca = "${ca}"\n`
    writeFileSync(join(runtime.registries, HOST, 'hosts.toml'), hosts)
    await admin.create(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    })
    await account('default')
  })
  after(async () => {
    await endPrograms()
    await stage?.close()
  })

  /** Waits for a service account, which a controller makes; others are made with annotations. */
  async function account(name: string, annotations?: Record<string, string>): Promise<void> {
    const { admin } = node()
    const metadata = { name, namespace: NAMESPACE, annotations: annotations ?? {} }
    if (annotations) {
      await admin.create(RESOURCES.serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata,
      })
    }
    await eventually(async () =>
      admin.get(RESOURCES.serviceAccounts, metadata).catch(() => undefined),
    )
  }

  async function createPod(name: string, serviceAccountName = 'default'): Promise<void> {
    // Asks the registry each time, whatever the node has.
    const container = { name: 'app', image: `${HOST}/team/app:v1`, imagePullPolicy: 'Always' }
    await node().admin.create(RESOURCES.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: { serviceAccountName, containers: [container], terminationGracePeriodSeconds: 1 },
    } as Partial<Pod> as Pod)
  }
  const runs = async (name: string): Promise<Pod> =>
    podWhen(name, (pod) => statusOf(pod, 'app')?.state?.running !== undefined, {
      namespace: NAMESPACE,
    })
  /** @returns why the image is not pulled. */
  const isRefused = async (name: string): Promise<string> => {
    const waiting = (pod: Pod) => statusOf(pod, 'app')?.state?.waiting
    const refused = (pod: Pod): boolean =>
      /^(ErrImagePull|ImagePullBackOff)$/.test(waiting(pod)?.reason ?? '')
    return waiting(await podWhen(name, refused, { namespace: NAMESPACE }))?.message ?? ''
  }

  /** The documented way: print the configuration, install, restart the kubelet with the two flags. */
  async function installProvider(...flags: string[]): Promise<void> {
    const printed = await rolesanywhere([
      ...['ecr', 'credential-provider-config', ...ecrFlags(stage.aws.url)],
      ...['--cache-dir', join(folder, 'passwords'), ...flags],
    ])
    expect(printed.status, printed.stderr).to.equal(0)
    const config = join(folder, 'printed.yaml')
    writeFileSync(config, printed.stdout)
    const paths = { config: join(folder, 'credential-providers.yaml'), folder: join(folder, 'bin') }
    installed = ['--prefix', join(folder, 'program'), '--bin-dir', paths.folder]
    installed.push('--config-to', paths.config)
    const source = ['--source', dirname(KUBELET_PLUGIN), '--config', config]
    execFileSync(INSTALLER, [...source, ...installed], { stdio: 'pipe' })
    await node().restartKubelet(paths)
  }

  it('are not pulled without a password', async () => {
    await createPod('stranger')
    expect(await isRefused('stranger')).to.match(/401 Unauthorized|no basic auth credentials/)
  })

  it('are pulled with the secret that the pull-secret controller keeps', async () => {
    const { kubectl, plane } = node()
    kubectl('apply', '-k', 'sidecar/deploy/kustomize/overlays/pull-secrets')
    kubectl('-n', SYSTEM, 'scale', '--replicas=0', 'deployment/rolesanywhere-pull-secrets')
    const kubeconfig = await plane.kubeconfigOf(SYSTEM, 'rolesanywhere-pull-secrets')
    const controller = start([
      ...[PROGRAM, 'ecr', 'pull-secrets', '--kubeconfig', kubeconfig, '--registry', HOST],
      ...[...ecrFlags(stage.aws.url), '--health-listen', '127.0.0.1:0', '--namespace', NAMESPACE],
    ])
    const account = { namespace: NAMESPACE, name: 'default' }
    await eventually(async () => {
      const found = await node().admin.get(RESOURCES.serviceAccounts, account)
      return JSON.stringify(found).includes('ecr-pull-secret') ? true : undefined
    })
    await createPod('with-pull-secret')
    await runs('with-pull-secret')
    expect((await controller.stop()).status).to.equal(0)
    kubectl('-n', NAMESPACE, 'delete', 'secret', 'ecr-pull-secret')
  })

  it('are pulled with what the credential provider says, in one session and one password', async () => {
    const asked = operations(stage.aws)
    await installProvider()
    // A pod that runs does not notice.
    const running = await runs('with-pull-secret')
    expect(statusOf(running, 'app')?.restartCount).to.equal(0)
    await Promise.all(['one', 'two', 'three'].map(async (name) => createPod(name)))
    await Promise.all(['one', 'two', 'three'].map(runs))
    const now = operations(stage.aws)
    for (const operation of ['CreateSession', 'GetAuthorizationToken']) {
      expect((now[operation] ?? 0) - (asked[operation] ?? 0), operation).to.equal(1)
    }
  })

  it('are pulled by a service account with the role that it names, and by no other', async () => {
    const { kubectl } = node()
    await account('reports', { 'rolesanywhere.io/role-arn': ARNS.reports })
    const rules = join(folder, 'registries.json')
    const rule = { namespace: NAMESPACE, name: 'reports', roles: [ARNS.reports] }
    writeFileSync(rules, JSON.stringify({ serviceAccounts: [rule] }))
    await installProvider('--service-account-audience', AUDIENCE, '--ecr-config', rules)
    const permission = join(folder, 'permission.yaml')
    writeFileSync(
      permission,
      blockWith('request-serviceaccounts-token-audience', 'docs/ecr.md', 'yaml'),
    )
    kubectl('apply', '--validate=strict', '-f', permission)
    await createPod('of-reports', 'reports')
    await runs('of-reports')
    const principals = stage.aws.requests.map(({ principal = '' }) => principal)
    const role = ARNS.reports.replace(/^.*\//, '')
    expect(principals.some((principal) => principal.includes(`/${role}/`))).to.equal(true)
    await createPod('of-default')
    expect(await isRefused('of-default')).to.match(/401 Unauthorized|no basic auth credentials/)
  })

  it('keep their provider while the kubelet uses it; then it can be taken away', async () => {
    const uninstall = (): string =>
      execFileSync(INSTALLER, ['--uninstall', ...installed], { encoding: 'utf8', stdio: 'pipe' })
    expect(uninstall).to.throw('a kubelet runs that uses them')
    await node().restartKubelet()
    uninstall()
    expect(readdirSync(folder)).not.to.include.oneOf(['credential-providers.yaml', 'bin'])
  })
})
