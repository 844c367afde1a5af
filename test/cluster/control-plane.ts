import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../sidecar/kube/connection.js'
import { createKubeClient, type KubeClient } from '../../sidecar/kube/client.js'
import { systemClock } from '../../src/system-clock.js'
import { eventually } from '../support/eventually.js'
import type { Programs } from './programs.js'

/** A real API server over a real etcd, on loopback. No scheduler, no controllers, no nodes. */
export interface ControlPlane {
  readonly server: string
  /** Of the cluster's administrator. */
  readonly kubeconfig: string
  /** Kubeconfigs of the other users, by name. */
  readonly kubeconfigs: Readonly<Record<string, string>>
  /** Where keys, certificates and logs are: `ca.crt`, `accounts.key`. */
  readonly folder: string
  readonly admin: KubeClient
  /** A kubeconfig with a token of a service account, which exists. */
  kubeconfigOf(namespace: string, serviceAccount: string): Promise<string>
  /** Kills the API server and starts it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** How the API server is set up. */
export interface ControlPlaneOptions {
  /** Whether pods are given the token of their service account, which has to exist then. */
  readonly mountsTokens?: boolean
  /** The address that it is reached by. */
  readonly address?: string
  /** Who there is besides the administrator, with their groups. */
  readonly users?: Readonly<Record<string, readonly string[]>>
  /** More flags of the API server. */
  readonly flags?: readonly string[]
}

/** Starts both programs in a folder of their own, with role-based access control. */
export async function startControlPlane(
  programs: Programs,
  { mountsTokens = false, address = '127.0.0.1', users = {}, flags = [] }: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-control-plane-'))
  const file = (name: string): string => join(folder, name)
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const server = `https://${address}:${apiPort}`

  makeCertificates(folder, address)
  const known = Object.entries({ admin: ['system:masters'], ...users }).map(
    ([name, groups]) => [name, groups, randomBytes(16).toString('hex')] as const,
  )
  const lines = known.map(([name, groups, token]) => `${token},${name},${name},"${groups}"\n`)
  writeFileSync(file('tokens.csv'), lines.join(''), { mode: 0o600 })
  const kubeconfigWith = (name: string, token: string, namespace: string): string => {
    const path = file(name)
    const cluster = { server, 'certificate-authority': file('ca.crt') }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'local', cluster }],
      users: [{ name, user: { token } }],
      contexts: [{ name, context: { cluster: 'local', user: name, namespace } }],
      'current-context': name,
    }
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
    return path
  }

  const running: ChildProcess[] = []
  const start = (program: string, log: string, args: readonly string[]): ChildProcess => {
    const output = openSync(file(log), 'a')
    const child = spawn(program, args, { stdio: ['ignore', output, output], cwd: folder })
    running.push(child)
    return child
  }
  start(programs.etcd, 'etcd.log', [
    ...['--data-dir', file('data'), '--listen-client-urls', etcdUrl],
    ...['--advertise-client-urls', etcdUrl, '--listen-peer-urls', peerUrl],
    ...['--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`],
    ...['--unsafe-no-fsync', '--log-level', 'error'],
  ])
  const startApiServer = (): ChildProcess =>
    start(programs.apiServer, 'kube-apiserver.log', [
      `--etcd-servers=${etcdUrl}`,
      ...[
        `--bind-address=${address}`,
        `--advertise-address=${address}`,
        `--secure-port=${apiPort}`,
      ],
      ...[`--tls-cert-file=${file('server.crt')}`, `--tls-private-key-file=${file('server.key')}`],
      ...[`--token-auth-file=${file('tokens.csv')}`, '--authorization-mode=Node,RBAC'],
      ...[
        '--service-account-issuer=https://cluster.local',
        '--service-cluster-ip-range=10.0.0.0/24',
      ],
      `--service-account-key-file=${file('accounts.key')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`,
      // No controller makes the service account that a pod has by default.
      ...(mountsTokens ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...flags,
    ])
  let apiServer = startApiServer()

  const kubeconfigs = Object.fromEntries(
    known.map(([name, , token]) => [name, kubeconfigWith(name, token, 'default')]),
  )
  const kubeconfig = kubeconfigs['admin'] ?? ''
  const admin = createKubeClient(connect({ kubeconfig }), { clock: systemClock, userAgent: 'test' })
  const ready = async (): Promise<void> => {
    await eventually(async () => {
      if (apiServer.exitCode !== null) throw new Error(tail(file('kube-apiserver.log')))
      const key = { name: 'default' }
      const namespace = { group: '', version: 'v1', plural: 'namespaces' }
      return admin.get(namespace, key).catch(() => undefined)
    }, 90_000)
  }
  await ready()
  return {
    server,
    kubeconfig,
    kubeconfigs,
    folder,
    admin,
    async kubeconfigOf(namespace, serviceAccount) {
      const request = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: serviceAccount, namespace },
        spec: { audiences: ['https://cluster.local'] },
      }
      const path = `serviceaccounts/${serviceAccount}/token`
      const resource = { group: '', version: 'v1', plural: path }
      const answer = (await admin.create(resource, request)) as { status?: { token?: string } }
      return kubeconfigWith(`${namespace}-${serviceAccount}`, answer.status?.token ?? '', namespace)
    },
    async restart() {
      await end(apiServer)
      apiServer = startApiServer()
      await ready()
    },
    async stop() {
      admin.close()
      await Promise.all(running.map(end))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function makeCertificates(folder: string, address: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl('req', '-x509', ...key, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt')
  openssl('req', ...key, '-subj', '/CN=api', '-keyout', 'server.key', '-out', 'server.csr')
  // The second address is the one of the Service that pods find it by.
  const names = `IP:${address},IP:10.0.0.1,DNS:localhost`
  writeFileSync(join(folder, 'names'), `subjectAltName=${names}\n`)
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  openssl('x509', '-req', '-days', '2', '-in', 'server.csr', ...signing, '-out', 'server.crt')
  openssl('genrsa', '-out', 'accounts.key', '2048')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

const tail = (path: string): string => readFileSync(path, 'utf8').split('\n').slice(-20).join('\n')
