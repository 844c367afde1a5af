import type { Flag, FlagValues } from '../../src/cli/command.js'
import { parseDurationSeconds } from '../../src/config/duration.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { RefreshOptions } from './start-roles.js'

/** Flags that say how sessions and certificate are kept. */
export const REFRESH_FLAGS: readonly Flag[] = [
  {
    name: 'refresh-interval',
    value: 'DURATION',
    help: 'renew at the latest after this time, however long a session lives',
  },
  {
    name: 'poll-interval',
    value: 'DURATION',
    help: 'how often the certificate files are looked at besides being watched (default 10s)',
  },
  {
    name: 'refresh-on-new-certificate',
    help: 'ask for a new session as soon as there is a new certificate',
  },
]

/** Only of use where many start at once. */
export const START_SPREAD_FLAG: Flag = {
  name: 'start-spread',
  value: 'DURATION',
  help: 'ask for the first session after a random share of this time, for mass restarts (default 0)',
}

/**
 * Reads them.
 *
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function readRefreshOptions(flags: FlagValues): RefreshOptions {
  const refreshIntervalMs = readDurationMs(flags, 'refresh-interval', {
    leastSeconds: 60,
    hint: 'CreateSession is limited to ten calls a second for a whole account; an hour is a good interval',
  })
  const pollIntervalMs = readDurationMs(flags, 'poll-interval', {
    leastSeconds: 1,
    hint: 'files are watched as well; 10s is a good interval',
  })
  const startSpreadMs = readDurationMs(flags, START_SPREAD_FLAG.name)
  return {
    ...(refreshIntervalMs !== undefined && { refreshIntervalMs }),
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    ...(startSpreadMs !== undefined && { startSpreadMs }),
    refreshOnNewCertificate: flags.has('refresh-on-new-certificate'),
  }
}

interface LeastDuration {
  readonly leastSeconds: number
  /** Why it may not be shorter. */
  readonly hint: string
}

/**
 * Reads one flag with a duration.
 *
 * @returns milliseconds, or `undefined` when it was not given.
 * @throws RolesAnywhereError `ERR_RA_FLAG_INVALID`.
 */
export function readDurationMs(
  flags: FlagValues,
  name: string,
  { leastSeconds, hint }: LeastDuration = { leastSeconds: 0, hint: '' },
): number | undefined {
  const text = flags.get(name)
  if (text === undefined) return undefined
  let seconds: number
  try {
    seconds = parseDurationSeconds(text)
  } catch (cause) {
    throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${name} is not a duration`, {
      cause,
      hint: 'write seconds (90) or a number with a unit (15m, 1h)',
    })
  }
  if (seconds >= leastSeconds) return seconds * 1000
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${name} is below ${leastSeconds} s`, {
    hint,
  })
}
