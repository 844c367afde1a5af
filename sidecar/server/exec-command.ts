import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import type { Command } from '../../src/cli/command.js'
import { commandLog } from '../../src/cli/command-log.js'
import { WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { defaultProfileKeys } from '../../src/config/default-profile.js'
import { loadWorkload } from '../../src/config/workload.js'
import type { SessionKeeper } from '../../src/index.js'
import { type Logger, silentLogger } from '../../src/log.js'
import { CREDENTIALS_PATH } from './container-route.js'
import { relaySignals, type SignalRelay, startChild } from './exec-child.js'
import { execEnvironment, strongerSources } from './exec-environment.js'
import { readRefreshOptions, REFRESH_FLAGS } from './refresh-flags.js'
import { startSidecar } from './start-sidecar.js'

/** Standard input. */
const STDIN = 0

/** Runs a command with a credential server of its own, and ends as the command does. */
export const execCommand: Command = {
  usage: 'exec [flags] -- COMMAND [ARGUMENT…]',
  summary: 'Run a command with session credentials that stay fresh',
  description: `The command gets AWS_CONTAINER_CREDENTIALS_FULL_URI and
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, which every AWS SDK understands, for a server on a free port
of this machine that ends with it. It is started once there is a session. Terminal, standard input
and signals are its own; its exit status is passed on, with 128 and the signal's number when a signal
ended it, 127 when it does not exist and 126 when it cannot be run.`,
  flags: [...WORKLOAD_FLAGS, ...REFRESH_FLAGS],
  arguments: { min: 1, max: Number.POSITIVE_INFINITY },
  example: 'exec --config-profile app -- aws s3 ls',

  async run({ flags, positionals: [name = '', ...args] }, io) {
    const log = commandLog('exec', flags, io, 'warn')
    const options = {
      ...readRefreshOptions(flags),
      workloads: new Map([['', await loadWorkload({ flags, env: io.env })]]),
      listen: [{ host: '127.0.0.1', port: 0 }],
      tokenFileMode: 0o600 as const,
    }
    const relay = relaySignals(io.onSignal, isatty(STDIN))
    let folder: string | undefined
    try {
      // Only this user may look into it.
      folder = await mkdtemp(join(tmpdir(), 'rolesanywhere-'))
      const tokenFile = join(folder, 'token')
      // Until there is a session, what goes wrong is said once, by what is thrown here.
      let target = silentLogger
      const sidecar = await startSidecar(
        { ...options, tokenFile },
        { env: io.env, clock: io.clock, random: Math.random, log: logTo(() => target) },
      )
      try {
        await firstSession(sidecar.sessions, relay)
        if (relay.signal.aborted) return relay.status()
        target = log
        for (const line of strongerSources(io.env, await defaultProfileKeys(io.env))) log.warn(line)
        const address = { uri: sidecar.url + CREDENTIALS_PATH, tokenFile }
        const child = startChild(name, args, execEnvironment(io.env, address))
        relay.to(child)
        const { status, failure } = await child.ended
        if (failure) io.stderr(`error: cannot start "${name}": ${failure}\n`)
        return status
      } finally {
        await sidecar.stop()
      }
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
      relay.release()
    }
  },
}

/** Resolves with the first session or when a signal comes; rejects when the first attempt fails. */
async function firstSession(
  sessions: ReadonlyMap<string, SessionKeeper>,
  { signal }: SignalRelay,
): Promise<void> {
  const obtained = Promise.all([...sessions.values()].map(async (keeper) => keeper.obtained()))
  const interrupted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([obtained, interrupted])
  // Nobody waits for it any longer.
  obtained.catch(() => {})
}

/** A logger whose lines go to the one that is named at that moment. */
function logTo(target: () => Logger): Logger {
  return {
    error: (message, fields) => target().error(message, fields),
    warn: (message, fields) => target().warn(message, fields),
    info: (message, fields) => target().info(message, fields),
    debug: (message, fields) => target().debug(message, fields),
  }
}
