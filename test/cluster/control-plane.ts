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
  readonly admin: KubeClient
  /** A kubeconfig with a token of a service account, which exists. */
  kubeconfigOf(namespace: string, serviceAccount: string): Promise<string>
  /** Kills the API server and starts it again on the same port and data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts both programs in a folder of their own, with role-based access control. */
export async function startControlPlane(programs: Programs): Promise<ControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-control-plane-'))
  const file = (name: string): string => join(folder, name)
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const server = `https://127.0.0.1:${apiPort}`

  makeCertificates(folder)
  const adminToken = randomBytes(16).toString('hex')
  writeFileSync(file('tokens.csv'), `${adminToken},admin,admin,system:masters\n`, { mode: 0o600 })
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
      ...['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${apiPort}`],
      ...[`--tls-cert-file=${file('server.crt')}`, `--tls-private-key-file=${file('server.key')}`],
      ...[`--token-auth-file=${file('tokens.csv')}`, '--authorization-mode=RBAC'],
      ...[
        '--service-account-issuer=https://cluster.local',
        '--service-cluster-ip-range=10.0.0.0/24',
      ],
      `--service-account-key-file=${file('accounts.key')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`,
      // Pods are made here that no controller provides with a token.
      '--disable-admission-plugins=ServiceAccount',
    ])
  let apiServer = startApiServer()

  const kubeconfig = kubeconfigWith('admin', adminToken, 'default')
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

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl('req', '-x509', ...key, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt')
  openssl('req', ...key, '-subj', '/CN=api', '-keyout', 'server.key', '-out', 'server.csr')
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
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
