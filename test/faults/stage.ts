import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmulator, type Emulator } from '../../src/emulator/index.js'
import { ARNS, targetFlags } from '../support/aws.js'
import { eventually } from '../support/eventually.js'
import { PROGRAM, type Running, startCommand } from '../support/program.js'
import {
  createIssuer,
  createVolume,
  type Files,
  type Issuer,
  type SecretVolume,
} from './identities.js'
import { type Machine, openMachine } from './machine.js'

/** Shortest session that the service issues. */
const SHORTEST_SESSION_MS = 900_000

/** How the sidecar of a stage is run. */
export interface StageOptions {
  /**
   * Life of the sessions. The service issues none below 15 minutes, so its clock is behind by the
   * rest: they end early for everybody, and are renewed every ten seconds.
   */
  readonly sessionMs?: number
  readonly flags?: readonly string[]
  /** What the endpoint is called. Default: its address. */
  readonly host?: string
  /** End of the first certificate. */
  readonly notAfter?: Date
  /** Where the log goes instead of to the test. */
  readonly logTo?: string
  /** How many files and sockets the process may have open. */
  readonly descriptors?: number
}

/** A sidecar on a machine of its own, with a service of its own. */
export interface Stage {
  readonly issuer: Issuer
  readonly volume: SecretVolume
  readonly firstFiles: Files
  readonly machine: Machine
  /** Where clients ask, and what they send. */
  readonly port: number
  readonly token: string
  /** The right time, in milliseconds. */
  now(): number
  /** Time passes for the whole world at once. */
  passTime(ms: number): void
  emulator(): Emulator
  /** Takes the service off the network, or brings it back on the same port. */
  setDown(down: boolean): Promise<void>
  /** Starts the sidecar; resolves when it listens. */
  start(): Promise<void>
  sidecar(): Running
  /** Log of all sidecars that ran here. */
  log(): string
  /** CreateSession calls so far, those that found nobody included. */
  calls(): number
  /** Right instants at which the sessions so far were issued, by access key id. */
  issued(): ReadonlyMap<string, number>
  close(): Promise<void>
}

/** Opens a stage on which the sidecar does not run yet. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { sessionMs = 90_000, host = '127.0.0.1', notAfter } = options
  const folder = mkdtempSync(join(tmpdir(), 'rolesanywhere-faults-'))
  const issuer = await createIssuer()
  const firstFiles = await issuer.issue(notAfter && { notAfter })
  mkdirSync(join(folder, 'identity'))
  const volume = createVolume(join(folder, 'identity'), firstFiles)
  const machine = openMachine(join(folder, 'machine'))
  const token = 'a-token-that-is-long-enough'
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, token)
  const [port, servicePort] = [await freePort(), await freePort()]

  let passedMs = 0
  const now = (): number => Date.now() + passedMs
  const behindMs = SHORTEST_SESSION_MS - sessionMs
  const emulators: Emulator[] = []
  const startService = async (): Promise<void> => {
    const clock = { now: () => new Date(now() - behindMs) }
    const listen = { host: '127.0.0.1', port: servicePort }
    emulators.push(await createEmulator({ state: stateOf(issuer), clock, listen }))
  }
  await startService()
  const emulator = (): Emulator => emulators.at(-1)!

  const sidecars: Running[] = []
  const log = (): string => sidecars.map((sidecar) => sidecar.log()).join('')
  return {
    issuer,
    volume,
    firstFiles,
    machine,
    port,
    token,
    now,
    passTime(ms) {
      passedMs += ms
      machine.setClock(passedMs)
    },
    emulator,
    setDown: async (down) => (down ? emulator().close() : startService()),
    async start() {
      const where = ['--listen', `127.0.0.1:${port}`, '--health-listen', '127.0.0.1:0']
      const who = ['--certificate', volume.certificate, '--private-key', volume.privateKey]
      const what = targetFlags(`http://${host}:${servicePort}`)
      const how = ['--session-duration', `${SHORTEST_SESSION_MS / 1000}`, ...(options.flags ?? [])]
      const args = [...where, '--authorization-token-file', tokenFile, ...who, ...what, ...how]
      const log = options.logTo === undefined ? 'pipe' : openSync(options.logTo, 'w')
      const node = [process.execPath, ...machine.nodeArguments, PROGRAM]
      const limit =
        options.descriptors === undefined ? [] : ['prlimit', `--nofile=${options.descriptors}`]
      const [command = '', ...rest] = [...limit, ...node, 'serve', '--log-format', 'json', ...args]
      const sidecar = startCommand(command, rest, machine.env, { stdio: ['ignore', 'pipe', log] })
      sidecars.push(sidecar)
      await eventually(async () => ((await accepts(port)) ? true : undefined))
    },
    sidecar: () => sidecars.at(-1)!,
    log,
    calls() {
      const arrived = emulators.flatMap(({ requests }) =>
        requests.filter(({ operation }) => operation === 'CreateSession'),
      )
      return (
        arrived.length +
        log()
          .split('\n')
          .filter((line) => NEVER_ARRIVED.test(line)).length
      )
    },
    issued: () =>
      new Map(
        emulators.flatMap(({ sessions }) =>
          sessions.map(({ accessKeyId, expiration }) => [
            accessKeyId,
            expiration.getTime() - sessionMs,
          ]),
        ),
      ),
    async close() {
      await Promise.all(
        sidecars.map(async (sidecar) => {
          sidecar.process.kill('SIGCONT')
          await sidecar.stop('SIGKILL')
        }),
      )
      await Promise.all(emulators.map(async (one) => one.close()))
      machine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Calls that the service did not see, in the words of the log. */
const NEVER_ARRIVED = /connection was refused|name does not resolve|no file descriptor left/

const stateOf = ({ root }: Issuer) => ({
  trustAnchors: [{ arn: ARNS.trustAnchor, certificate: root.pem }],
  profiles: [{ arn: ARNS.profile, roleArns: [ARNS.role] }],
  roles: [{ arn: ARNS.role }],
})

let lastPort = 20_000 + Math.floor(Math.random() * 5_000)

/** Below those that the system gives to outgoing connections, since it is taken again after a restart. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = ++lastPort
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

async function accepts(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { connection: 'close' },
  }).catch(() => undefined)
  await response?.arrayBuffer()
  return response !== undefined
}
