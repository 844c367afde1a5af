import { isIP } from 'node:net'
import { type Answer, type Arrived, header } from './exchange.js'
import type { FaultList } from './faults.js'
import type { Recorder } from './recorder.js'

/** Where the routes are that tests steer the emulator with. */
export const CONTROL_PREFIX = '/_emulator/'

/** What the control routes change and show. */
export interface ControlDeps {
  readonly faults: FaultList
  readonly recorder: Recorder
}

/**
 * Answers the control routes. Only programs on this machine may use them, and no page in a browser:
 * a page can reach loopback too.
 */
export function control(
  arrived: Arrived,
  about: { readonly remoteAddress: string | undefined; readonly tooLarge: boolean },
  deps: ControlDeps,
): Answer {
  if (!isLoopback(about.remoteAddress) || isFromBrowser(arrived)) {
    return json(403, { message: 'control routes are for programs on this machine' })
  }
  if (about.tooLarge) return json(413, { message: 'the body is too large' })
  const route = ROUTES[`${arrived.method} ${arrived.path.slice(CONTROL_PREFIX.length)}`]
  return route ? route(arrived, deps) : json(404, { message: 'no such control route' })
}

const ROUTES: Readonly<Record<string, (arrived: Arrived, deps: ControlDeps) => Answer>> = {
  'GET requests': (_, { recorder }) => json(200, { requests: recorder.all }),
  'DELETE requests': (_, { recorder }) => {
    recorder.clear()
    return json(200, { requests: [] })
  },
  'GET faults': (_, { faults }) => json(200, { faults: faults.pending }),
  'POST faults': addFaults,
  'DELETE faults': (_, { faults }) => {
    faults.clear()
    return json(200, { faults: [] })
  },
}

function addFaults({ body }: Arrived, { faults }: ControlDeps): Answer {
  try {
    faults.add(JSON.parse(body.toString('utf8')))
    return json(200, { faults: faults.pending })
  } catch (error) {
    if (error instanceof TypeError) return json(400, { message: error.message })
    if (error instanceof SyntaxError) return json(400, { message: 'the body is not JSON' })
    throw error
  }
}

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: JSON.stringify(value),
})

function isLoopback(address: string | undefined): boolean {
  return /^(?:::ffff:)?127\.|^::1$/.test(address ?? '')
}

/** Browsers send `Origin` or `Sec-Fetch-Site`; a name that was made to point here shows in `Host`. */
function isFromBrowser(arrived: Arrived): boolean {
  const marked = header(arrived, 'origin') ?? header(arrived, 'sec-fetch-site')
  const host = (header(arrived, 'host') ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return marked !== undefined || !(host === 'localhost' || isIP(host) > 0)
}
