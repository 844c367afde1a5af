import type { ErrorKind } from '../errors.js'

/** Exit status by kind of failure. Documented in README.md; a change here is a breaking change. */
export const EXIT_STATUS: Record<ErrorKind, number> = {
  internal: 1,
  usage: 2,
  config: 3,
  identity: 4,
  denied: 5,
  unavailable: 6,
}
