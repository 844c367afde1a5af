import type { Fault } from './fault.js'
import type { Stage, StageOptions } from './stage.js'

/** Renewed every minute, so that there is a renewal at the wrong time without waiting for long. */
const LONG_SESSION: StageOptions = { sessionMs: 900_000, flags: ['--refresh-interval', '60'] }

const HOUR_MS = 3_600_000

/** Lasts until after the next renewal. */
const clockOff = (aheadMs: number) => ({
  stage: () => LONG_SESSION,
  strike: ({ machine }: Stage) => machine.setClock(aheadMs),
  lastsMs: 66_000,
  mend: ({ machine }: Stage) => machine.setClock(0),
  renewedWithinMs: 66_000,
  // By the clock the session has ended; whoever hears so brings the renewal about.
  maxRefusals: 5,
})

/** What the machine's clock does. */
export const CLOCK_FAULTS: readonly Fault[] = [
  { name: 'clock +1 h', about: "the machine's clock is an hour ahead", ...clockOff(HOUR_MS) },
  { name: 'clock -1 h', about: "the machine's clock is an hour behind", ...clockOff(-HOUR_MS) },
  {
    name: 'suspended 2 h',
    about: 'the process stands still while two hours pass',
    stage: () => LONG_SESSION,
    strike: ({ sidecar }) => void sidecar().process.kill('SIGSTOP'),
    lastsMs: 1_000,
    mend(stage) {
      stage.passTime(2 * HOUR_MS)
      stage.sidecar().process.kill('SIGCONT')
    },
    // Whoever asks brings it about; nobody has to wait for the next look at the clocks.
    renewedWithinMs: 2_000,
    maxRefusals: 5,
  },
]
