import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeClient } from '../../sidecar/kube/client.js'
import type { KubeObject } from '../../sidecar/kube/objects.js'
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.js'
import { writeImage } from '../registry/image.js'
import { eventually } from '../support/eventually.js'
import { startClusterDns } from './cluster-dns.js'
import { type Containerd, PAUSE_IMAGE, startContainerd } from './containerd.js'
import { type KubeletInit, prepareKubelet } from './kubelet.js'
import { ADDRESSES, NODE, type Setting } from './setting.js'

/** A cluster of one node, in which everything is real but the DNS. */
export interface Node {
  readonly setting: Setting
  readonly plane: ControlPlane
  readonly admin: KubeClient
  readonly runtime: Containerd
  /** Runs `kubectl` as the administrator. @returns standard output. */
  kubectl(...args: readonly string[]): string
  /** Ends the kubelet, and starts it with these programs for passwords of registries. */
  restartKubelet(credentialProviders?: KubeletInit['credentialProviders']): Promise<void>
  /** What a program has logged: `kubelet`, `containerd` and so on. */
  log(name: string): string
  stop(): Promise<void>
}

const NODES = { group: '', version: 'v1', plural: 'nodes' }
const KUBELET_USER = `system:node:${NODE}`

/** Where the kubelet says whether it is well, by default. */
const HEALTH = 'http://127.0.0.1:10248/healthz'

interface NodeObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] }
}

/** Starts all of it, and waits until the node is ready for pods. */
export async function startNode(setting: Setting): Promise<Node> {
  const { folder, programs } = setting
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  const children = new Set<ChildProcess>()
  const start = (name: string, program: string, args: readonly string[]): ChildProcess => {
    const log = openSync(join(logs, name), 'a')
    const child = spawn(program, args, { stdio: ['ignore', log, log], cwd: folder })
    children.add(child.once('exit', () => children.delete(child)))
    return child
  }
  const plane = await startControlPlane(programs, {
    mountsTokens: true,
    address: ADDRESSES.node,
    users: {
      [KUBELET_USER]: ['system:nodes'],
      'system:kube-controller-manager': [],
      'system:kube-proxy': [],
      'system:kube-scheduler': [],
    },
    flags: [
      '--enable-admission-plugins=NodeRestriction',
      '--kubelet-preferred-address-types=InternalIP',
    ],
  })
  const { admin, kubeconfigs } = plane
  const runtime = await startContainerd(setting, start)
  await importImages(setting, runtime)
  const dns = await startClusterDns(ADDRESSES.node, admin)

  const part = (name: string, ...flags: string[]): ChildProcess =>
    start(name, programs.node, [name, ...flags])
  const as = (name: string): string => `--kubeconfig=${kubeconfigs[`system:${name}`]}`
  part(
    'kube-controller-manager',
    as('kube-controller-manager'),
    `--root-ca-file=${join(plane.folder, 'ca.crt')}`,
    `--service-account-private-key-file=${join(plane.folder, 'accounts.key')}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
  )
  part('kube-scheduler', as('kube-scheduler'), '--leader-elect=false')
  part(
    'kube-proxy',
    as('kube-proxy'),
    `--hostname-override=${NODE}`,
    `--cluster-cidr=${ADDRESSES.pods}`,
    '--conntrack-max-per-core=0',
  )
  const startKubelet = (init: Pick<KubeletInit, 'credentialProviders'> = {}): ChildProcess => {
    const kubeconfig = kubeconfigs[KUBELET_USER] ?? ''
    return part('kubelet', ...prepareKubelet(setting, { kubeconfig, ...runtime, ...init }))
  }
  let kubelet = startKubelet()
  const log = (name: string): string => readFileSync(join(logs, name), 'utf8')
  const ready = async (): Promise<void> => {
    await eventually(async () => {
      if (kubelet.exitCode !== null) throw new Error(tail(log('kubelet')))
      // What the API server says of the node may be older than this kubelet.
      if (!(await fetch(HEALTH).catch(() => undefined))?.ok) return undefined
      const node = await admin.get<NodeObject>(NODES, { name: NODE }).catch(() => undefined)
      const conditions = node?.status?.conditions ?? []
      return conditions.find(({ type, status }) => type === 'Ready' && status === 'True')
    }, 60_000)
  }
  await ready()
  return {
    setting,
    plane,
    admin,
    runtime,
    kubectl: (...args) =>
      execFileSync('kubectl', ['--kubeconfig', plane.kubeconfig, ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    async restartKubelet(credentialProviders) {
      await end(kubelet)
      kubelet = startKubelet(credentialProviders && { credentialProviders })
      await ready()
    },
    log,
    async stop() {
      dns.close()
      await Promise.all([...children].map(end))
      await plane.stop()
    },
  }
}

/** Where the image of a pod's first process comes from, and those of the guide under its names. */
async function importImages(
  { folder, programs, images }: Setting,
  { ctr }: Containerd,
): Promise<void> {
  const layout = join(folder, 'pause-image')
  const content = readFileSync(programs.pause)
  await writeImage(layout, PAUSE_IMAGE, { name: 'pause', content, entrypoint: ['/pause'] })
  execFileSync('tar', ['-cf', `${layout}.tar`, '-C', layout, '.'])
  ctr('images', 'import', `${layout}.tar`)
  for (const { archive, built, tag } of images) {
    ctr('images', 'import', archive)
    ctr('images', 'tag', built, `docker.io/library/${tag}`)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const tail = (text: string): string => text.split('\n').slice(-20).join('\n')
