import type { Clock } from '../clock.js'
import { type Logger, silentLogger } from '../log.js'
import { systemClock } from '../system-clock.js'
import { createApp } from './app.js'
import { CONTROL_PREFIX, control } from './http/control.js'
import { dispatch } from './http/dispatch.js'
import { type Fault, FaultList } from './http/faults.js'
import { type RecordedRequest, Recorder } from './http/recorder.js'
import { type Route, refusing, routeOf } from './http/routes.js'
import { type ListenAddress, type TlsFiles, listen, portOf } from './server.js'
import { RegistryTokens } from './services/registry-tokens.js'
import { CHECKS, type CheckName } from './session/refusals.js'
import { type Session, SessionStore } from './session/session-store.js'
import type { StateDocument } from './state/document.js'
import { EmulatorState, stateOf } from './state/state.js'

/** Settings of an emulator. */
export interface EmulatorOptions {
  /** What it knows of its AWS: a document, or a state file that was read. */
  readonly state: StateDocument | EmulatorState
  /** Default: any free port of 127.0.0.1. */
  readonly listen?: ListenAddress
  /** Serve HTTPS instead of HTTP. */
  readonly tls?: TlsFiles
  /** Its time; `sleep` is only asked for delays of faults. Default: the machine's clock. */
  readonly clock?: Pick<Clock, 'now'> & Partial<Pick<Clock, 'sleep'>>
  /** Pins the time to an instant, so that recorded requests can be replayed. */
  readonly at?: Date
  /** Let pass what the real service lets pass with a remark in its audit trail. */
  readonly lenient?: boolean
  readonly faults?: readonly Fault[]
  /** Another order of the checks of CreateSession; all of them, each once. */
  readonly checkOrder?: readonly CheckName[]
  readonly log?: Logger
}

/** A session as tests may look at it: everything but its secrets. */
export type IssuedSession = Omit<Session, 'secretAccessKey' | 'sessionToken'>

/** A running emulator. */
export interface Emulator {
  /** Without a trailing slash. */
  readonly url: string
  readonly port: number
  readonly state: EmulatorState
  /** The last requests, oldest first. */
  readonly requests: readonly RecordedRequest[]
  /** The sessions that it issued, oldest first. */
  readonly sessions: readonly IssuedSession[]
  /**
   * Puts faults in place of those that are left.
   *
   * @throws TypeError when one is malformed; the old ones stay then.
   */
  setFaults(faults: readonly Fault[]): void
  /** Ends every connection, hanging ones too, and frees the port. */
  close(): Promise<void>
}

/** No documented limit of the service; enough for any CreateSession. */
const MAX_BODY_BYTES = 64 * 1024
/** The largest object with the framing of chunks around it. */
const MAX_UPLOAD_BYTES = 6 * 1024 * 1024

/**
 * Starts an emulator of the AWS services that this package talks to: CreateSession of Roles
 * Anywhere, and GetCallerIdentity, S3 and ECR with the session keys that it issued. It verifies
 * every request and refuses by default.
 *
 * @throws TypeError for malformed options.
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`, `ERR_RA_LISTEN_FAILED`, or
 *   `ERR_RA_CERTIFICATE_INVALID` for TLS files that cannot be used.
 */
export async function createEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { log = silentLogger, lenient = false, tls } = options
  const address = options.listen ?? { host: '127.0.0.1', port: 0 }
  const order = checkedOrder(options.checkOrder ?? CHECKS)
  const clock = clockOf(options)
  const state = options.state instanceof EmulatorState ? options.state : stateOf(options.state)
  const [faults, recorder] = [new FaultList(), new Recorder()]
  faults.add(options.faults ?? [])
  const sessions = new SessionStore()
  const routes = { state, sessions, tokens: new RegistryTokens(), order, lenient }
  const closing = new AbortController()

  const app = createApp({
    now: () => clock.now(),
    maxBodyBytes: (method) => (method === 'PUT' ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES),
    handle: async (arrived, { remoteAddress, tooLarge }, gone) => {
      if (arrived.path.startsWith(CONTROL_PREFIX)) {
        return control(arrived, { remoteAddress, tooLarge }, { faults, recorder })
      }
      const route = routeOf(arrived, routes)
      const signal = AbortSignal.any([gone, closing.signal])
      const deps = { clock, faults, recorder, log }
      return dispatch(arrived, tooLarge ? refusingSize(route) : route, signal, deps)
    },
  })
  const server = await listen(app, address, tls, () => clock.now())
  const port = portOf(server)
  return {
    url: `${tls ? 'https' : 'http'}://${reachableHost(address.host)}:${port}`,
    port,
    state,
    get requests() {
      return recorder.all
    },
    get sessions() {
      return sessions.all.map(withoutSecrets)
    },
    setFaults(replacement) {
      new FaultList().add(replacement)
      faults.clear()
      faults.add(replacement)
    },
    async close() {
      closing.abort()
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function checkedOrder(order: readonly CheckName[]): readonly CheckName[] {
  const complete = order.length === CHECKS.length && CHECKS.every((name) => order.includes(name))
  if (!complete) throw new TypeError(`checkOrder: not an order of ${CHECKS.join(', ')}`)
  return order
}

function clockOf({ clock, at }: EmulatorOptions): Pick<Clock, 'now' | 'sleep'> {
  if (at && Number.isNaN(at.getTime())) throw new TypeError('at: not an instant')
  const source = clock ?? systemClock
  return {
    now: () => (at ? new Date(at) : source.now()),
    sleep: (ms, tail) => clock?.sleep?.(ms, tail) ?? systemClock.sleep(ms, tail),
  }
}

function refusingSize({ protocol, operation }: Route): Route {
  return refusing(protocol, operation, {
    status: 413,
    code: protocol === 'rest-xml' ? 'EntityTooLarge' : 'RequestEntityTooLargeException',
    message: 'Request body is too large',
  })
}

/** An address to connect to: that of a listener may mean all of them. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function withoutSecrets(session: Session): IssuedSession {
  const { secretAccessKey: _key, sessionToken: _token, ...rest } = session
  return rest
}
