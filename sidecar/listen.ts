import type { Server } from 'node:http'
import type { Clock } from '../src/clock.js'
import { RolesAnywhereError } from '../src/errors.js'
import type { ListenAddress } from './listen-address.js'

/** What people do about a port that cannot be had. */
const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; choose another port, or port 0 for any free one',
  EACCES: 'ports below 1024 need a privilege; choose a higher one',
  EADDRNOTAVAIL: 'this machine has no such address',
}

/**
 * Starts listening.
 *
 * @returns the URL of the listener, without a path and a final slash.
 * @throws RolesAnywhereError `ERR_RA_LISTEN_FAILED`.
 */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? 'unknown error'
      const hint = HINTS[reason]
      reject(
        new RolesAnywhereError(
          'ERR_RA_LISTEN_FAILED',
          `cannot listen on ${host}:${port} (${reason})`,
          hint === undefined ? { cause } : { cause, hint },
        ),
      )
    })
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

/** An answer takes a millisecond; a client that does not take it in this time never will. */
const DRAIN_LIMIT_MS = 5_000

const DRAIN_STEP_MS = 50

/** Stops accepting, lets answers under way finish, and closes every connection, all within five seconds. */
export async function drain(server: Server, clock: Clock): Promise<void> {
  if (!server.listening) return
  let closed = false
  server.close(() => (closed = true))
  const startMs = clock.monotonicMs()
  while (!closed && clock.monotonicMs() - startMs < DRAIN_LIMIT_MS) {
    // Again and again: a connection is idle only once its answer is out.
    server.closeIdleConnections()
    await clock.sleep(DRAIN_STEP_MS)
  }
  server.closeAllConnections()
}
