import { closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../clock.js'
import { type ErrorCode, KIND_OF, RolesAnywhereError } from '../errors.js'

/** Every system takes addresses of 103 bytes, and some here are longer than that of the lock. */
const MAX_ADDRESS_BYTES = 70

/**
 * A socket is there before its process listens: for some microseconds, but where many processes share
 * few processors, for as long as the system lets others go first.
 */
const BIRTH_MS = 300

/** How often a holder says that it is still at work. */
const BEAT_MS = 1_000

/** With growing pauses in between, a second in all. */
const MAX_ATTEMPTS = 45

/** No word of a holder is longer. */
const MAX_WORD_LENGTH = 16 * 1024

/** A lock that this process holds. */
export interface HeldLock {
  /** Gives it back. Those who wait are told what went wrong, if something did. */
  release(failure?: unknown): void
}

/** What came of asking for a lock. */
export type LockOutcome =
  | { readonly held: HeldLock }
  /** The holder is done, or gone. */
  | { readonly ended: true }
  /** The service refused the holder, and would refuse this process in the same way. */
  | { readonly refused: RolesAnywhereError }
  /** Waiting is of no use: no locks here, a silent holder, or a failure that may be the holder's own. */
  | { readonly alone: string }

/** How to ask for a lock. */
export interface LockRequest {
  readonly path: string
  readonly clock: Clock
  /** Gives up waiting. */
  readonly signal: AbortSignal
  /** A holder that is silent for longer is not waited for. 0: a holder is not waited for at all. */
  readonly patienceMs: number
}

/**
 * Takes the lock, or waits until whoever has it is done.
 *
 * The lock is a socket in the file system on which its holder listens. The system itself ends it with
 * the process, so that a crashed holder is noticed at once, whatever has become of its process id, and
 * across containers that share the folder but not their process ids. On a folder that several machines
 * share, each machine has its own holder.
 *
 * It only saves calls. A session is put into its place in one step, lock or no lock.
 */
export async function takeLock(request: LockRequest): Promise<LockOutcome> {
  const address = addressOf(request.path)
  if (address === undefined) return { alone: 'the path of the cache is too long for a lock' }
  const outcome = await attempts(address, request)
  // The address of a lock that is held is needed once more, to take the socket away.
  if (!('held' in outcome)) address.close()
  return outcome
}

async function attempts(address: Address, request: LockRequest): Promise<LockOutcome> {
  const { clock, signal } = request
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const server = await listen(address.path)
    if (typeof server !== 'string') return { held: holding(server, address, clock) }
    if (server !== 'EADDRINUSE') return { alone: `locks are not possible here (${server})` }
    const socket = await connect(address.path)
    if (typeof socket !== 'string') return waiting(socket, request)
    // Nobody listens any more. Any other failure means that it has just been given back.
    if (socket === 'ECONNREFUSED' && !isJustBorn(address.path, clock.now())) {
      await removeDead(address.path)
    }
    await clock.sleep(attempt, { signal })
  }
  return { alone: 'the lock changes hands too often' }
}

interface Address {
  readonly path: string
  close(): void
}

/** Linux leads to a folder by an open file of this process, however long its path is. */
function addressOf(path: string): Address | undefined {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return { path, close: () => {} }
  if (process.platform !== 'linux') return undefined
  const folder = openSync(dirname(path), constants.O_RDONLY)
  return { path: `/proc/self/fd/${folder}/${basename(path)}`, close: () => closeSync(folder) }
}

async function listen(path: string): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => resolve(code))
    server.listen(path, () => resolve(server))
  })
}

async function connect(path: string): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => resolve(code))
    socket.once('connect', () => resolve(socket))
  })
}

/**
 * Takes away the socket of a process that is gone. Of many that have found it dead, one may: the one
 * that listens on a socket named after exactly this dead one. Otherwise the second would take away
 * what is by then the lock of the first.
 *
 * @param depth How many have died while they did this.
 */
async function removeDead(address: string, depth = 0): Promise<void> {
  const dead = nameOf(address)
  if (dead === undefined || depth > 3) return
  const guardAddress = join(dirname(address), dead)
  const guard = await listen(guardAddress)
  if (typeof guard !== 'string') {
    if (nameOf(address) === dead) rmSync(address, { force: true })
    // Takes its socket away, too.
    guard.close()
  } else if (guard === 'EADDRINUSE') {
    const socket = await connect(guardAddress)
    if (typeof socket !== 'string') socket.destroy()
    else if (socket === 'ECONNREFUSED') await removeDead(guardAddress, depth + 1)
  }
}

function isJustBorn(address: string, now: Date): boolean {
  const found = lstatSync(address, { throwIfNoEntry: false })
  return found !== undefined && Math.abs(now.getTime() - found.ctimeMs) < BIRTH_MS
}

/** A file name that no other socket at this address has, before or after. */
function nameOf(address: string): string | undefined {
  const found = lstatSync(address, { bigint: true, throwIfNoEntry: false })
  if (found === undefined) return undefined
  const [name = ''] = basename(address).split('.')
  return `${name}.${found.ino}-${found.ctimeNs.toString(36)}.tmp`
}

function holding(server: Server, address: Address, clock: Clock): HeldLock {
  const waiters = new Set<Socket>()
  const released = new AbortController()
  server.on('connection', (socket) => {
    waiters.add(socket)
    socket.on('error', () => {}).on('close', () => waiters.delete(socket))
    socket.write('\n')
  })
  // The work decides how long the process runs.
  server.unref()
  const beat = async (): Promise<void> => {
    while (!released.signal.aborted) {
      await clock.sleep(BEAT_MS, { signal: released.signal, background: true })
      for (const socket of waiters) socket.write('\n')
    }
  }
  void beat()
  return {
    release(failure) {
      released.abort()
      const word = failure === undefined ? '' : `${wordOf(failure)}\n`
      for (const socket of waiters) socket.end(word)
      server.close()
      address.close()
    },
  }
}

/** Only what the service itself has said holds for everybody; a broken proxy may be the holder's own. */
function wordOf(failure: unknown): string {
  if (!(failure instanceof RolesAnywhereError) || failure.kind !== 'denied') return '{}'
  const { code, message, hint } = failure
  return JSON.stringify({ code, message, hint })
}

async function waiting(socket: Socket, request: LockRequest): Promise<LockOutcome> {
  const { clock, patienceMs, signal } = request
  if (patienceMs === 0) {
    socket.destroy()
    return { alone: 'somebody else has the lock' }
  }
  let word = ''
  let heardMs = clock.monotonicMs()
  const over = new AbortController()
  const ended = new Promise<void>((resolve) => {
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      heardMs = clock.monotonicMs()
      word = (word + text).trimStart()
      if (word.length > MAX_WORD_LENGTH) socket.destroy()
    })
    socket.on('error', () => {}).on('close', () => resolve())
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  }).then(() => over.abort())

  while (!over.signal.aborted) {
    const restMs = heardMs + patienceMs - clock.monotonicMs()
    if (restMs <= 0) break
    await clock.sleep(restMs, { signal: over.signal })
  }
  const silent = !over.signal.aborted
  socket.destroy()
  if (silent) return { alone: 'the holder of the lock is silent' }
  await ended
  return word === '' ? { ended: true } : understood(word)
}

function understood(word: string): LockOutcome {
  const { code, message, hint } = parsed(word)
  if (!isDenied(code) || typeof message !== 'string') return { alone: 'the holder has failed' }
  const options = typeof hint === 'string' ? { hint } : {}
  return { refused: new RolesAnywhereError(code, message, options) }
}

function parsed(word: string): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(word) as object) }
  } catch {
    // Cut off: its process was killed while it said why it failed.
    return {}
  }
}

const isDenied = (code: unknown): code is ErrorCode =>
  typeof code === 'string' &&
  Object.hasOwn(KIND_OF, code) &&
  KIND_OF[code as ErrorCode] === 'denied'
