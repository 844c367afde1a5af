import { CERTIFICATE_FAULTS } from './certificate-faults.js'
import { CLOCK_FAULTS } from './clock-faults.js'
import type { Fault } from './fault.js'
import { PROCESS_FAULTS } from './process-faults.js'
import { SERVICE_FAULTS } from './service-faults.js'

/** In the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...SERVICE_FAULTS,
  ...CLOCK_FAULTS,
  ...CERTIFICATE_FAULTS,
  ...PROCESS_FAULTS,
]
