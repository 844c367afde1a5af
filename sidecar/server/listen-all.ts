import type { Server } from 'node:http'
import { RolesAnywhereError } from '../../src/errors.js'
import { listen } from '../listen.js'
import type { ListenAddress } from '../listen-address.js'

/** Port 0 is tried this often: the port that the first address got may be taken at another. */
const ATTEMPTS = 20

/** One server per address, all listening. */
export interface Listeners {
  readonly servers: readonly Server[]
  /** In the order of the addresses, each without a path and a final slash. */
  readonly urls: readonly string[]
}

/**
 * Listens on several addresses, such as 127.0.0.1 and ::1. All addresses with port 0 get the same
 * free port. When one cannot be had, none is kept.
 *
 * @param makeServer Called once for each address.
 * @throws RolesAnywhereError `ERR_RA_LISTEN_FAILED`.
 */
export async function listenAll(
  addresses: readonly ListenAddress[],
  makeServer: () => Server,
): Promise<Listeners> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryAll(addresses, makeServer)
    } catch (error) {
      if (
        attempt === ATTEMPTS ||
        !isPortTaken(error) ||
        addresses.every(({ port }) => port !== 0)
      ) {
        throw error
      }
    }
  }
}

async function tryAll(
  addresses: readonly ListenAddress[],
  makeServer: () => Server,
): Promise<Listeners> {
  const servers: Server[] = []
  const urls: string[] = []
  let freePort = 0
  try {
    for (const { host, port } of addresses) {
      const server = makeServer()
      const url = await listen(server, { host, port: port === 0 ? freePort : port })
      servers.push(server)
      urls.push(url)
      if (port === 0) freePort = Number(new URL(url).port)
    }
    return { servers, urls }
  } catch (error) {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    throw error
  }
}

function isPortTaken(error: unknown): boolean {
  return (
    error instanceof RolesAnywhereError &&
    (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
  )
}
