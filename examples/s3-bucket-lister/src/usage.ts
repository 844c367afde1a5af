/** What the command line asks for. */
export interface Options {
  readonly help: boolean
  readonly json: boolean
  /** Pause between rounds; absent for a single listing. */
  readonly watchSeconds: number | undefined
}

/** The command line cannot be understood. The message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const DEFAULT_WATCH_SECONDS = 10
const MAX_WATCH_SECONDS = 86_400

export const HELP = `Lists the S3 buckets of the account that the default credential chain leads to.

Usage: s3-bucket-lister [--watch [SECONDS]] [--json] [--help]

  --watch [SECONDS]  list again and again, one line per round, every ${DEFAULT_WATCH_SECONDS} seconds or as given
  --json             print JSON; with --watch, one document per line
  --help             print this text

Environment: everything that the AWS SDK reads. AWS_REGION defaults to us-east-1;
AWS_ENDPOINT_URL sends the requests somewhere else, for example to the emulator.

Exit status: 0 done or asked to end, 1 other failure, 2 wrong usage, 3 no credentials,
5 denied, 6 service not reachable or not available.

Example:
  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9911/v1/credentials \\
    s3-bucket-lister --watch 5
`

/**
 * Reads the arguments after the program's name.
 *
 * @throws UsageError
 */
export function parseUsage(args: readonly string[]): Options {
  let help = false
  let json = false
  let watchSeconds: number | undefined
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--help' || arg === '-h') help = true
    else if (arg === '--json') json = true
    else if (arg.startsWith('--watch=')) watchSeconds = seconds(arg.slice('--watch='.length))
    else if (arg === '--watch') {
      const next = rest[0]?.startsWith('-') === false ? rest.shift() : undefined
      watchSeconds = next === undefined ? DEFAULT_WATCH_SECONDS : seconds(next)
    } else throw new UsageError(`unknown argument "${arg}"`)
  }
  return { help, json, watchSeconds }
}

function seconds(text: string): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= MAX_WATCH_SECONDS) return value
  throw new UsageError(`--watch takes whole seconds from 1 to ${MAX_WATCH_SECONDS}`)
}
