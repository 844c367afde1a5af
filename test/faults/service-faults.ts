import type { Fault as ServiceFault } from '../../src/emulator/index.js'
import { AFTER_OUTAGE_MS, type Fault, OUTAGE_MS } from './fault.js'
import type { Stage } from './stage.js'

const down = {
  strike: async (stage: Stage) => stage.setDown(true),
  mend: async (stage: Stage) => stage.setDown(false),
  renewedWithinMs: AFTER_OUTAGE_MS,
  outlivesSession: true,
}

const service = (about: string, fault: Omit<ServiceFault, 'operation'>) => ({
  about,
  strike: ({ emulator }: Stage) => emulator().setFaults([{ operation: 'CreateSession', ...fault }]),
  lastsMs: OUTAGE_MS,
  mend: ({ emulator }: Stage) => emulator().setFaults([]),
  renewedWithinMs: AFTER_OUTAGE_MS,
  outlivesSession: true,
})

/** What the service does, and the network on the way to it. */
export const SERVICE_FAULTS: readonly Fault[] = [
  {
    ...down,
    name: 'down at start',
    about: 'connections to the service are refused, from before the sidecar starts',
    fromStart: true,
    lastsMs: 10_000,
  },
  {
    ...down,
    name: 'down at refresh',
    about: 'connections to the service are refused',
    lastsMs: OUTAGE_MS,
  },
  { name: 'hang', ...service('the service takes calls and never answers', { kind: 'hang' }) },
  {
    name: 'slow',
    ...service('the service answers after four seconds', { kind: 'slow', delayMs: 4_000 }),
    outlivesSession: false,
  },
  {
    name: '429 storm',
    ...service('the service answers 429 with `Retry-After: 5`', {
      kind: 'throttle',
      retryAfterSeconds: 5,
    }),
    // Three failures in a row make the bound twenty seconds, four forty.
    renewedWithinMs: 55_000,
  },
  { name: '500s', ...service('the service answers 500', { kind: 'error' }) },
  {
    name: 'denied',
    ...service('the service answers 403; nobody tells the sidecar when that ends', {
      kind: 'denied',
    }),
    // Asked about slowly: after half a minute to a minute, then after one to two.
    renewedWithinMs: 130_000,
  },
  {
    name: 'malformed 200',
    ...service('the service answers 200 with half a document', { kind: 'malformed', status: 200 }),
  },
  {
    name: 'connection reset',
    ...service('the service resets the connection instead of answering', { kind: 'reset' }),
  },
  {
    name: 'DNS failure',
    about: "the service's name does not resolve",
    stage: () => ({ host: 'localhost' }),
    strike: ({ machine }) => machine.setResolver(false),
    lastsMs: OUTAGE_MS,
    mend: ({ machine }) => machine.setResolver(true),
    renewedWithinMs: AFTER_OUTAGE_MS,
    outlivesSession: true,
  },
]
