import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import type { Command, Flag } from '../../src/cli/command.js'
import { commandLog } from '../../src/cli/command-log.js'
import { WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { defaultProfileKeys } from '../../src/config/default-profile.js'
import { type Logger, silentLogger } from '../../src/log.js'
import { CREDENTIALS_PATH } from './container-route.js'
import { relaySignals, startChild } from './exec-child.js'
import { execEnvironment, strongerSources } from './exec-environment.js'
import { makePrivateFolder, type PrivateFolder } from './exec-folder.js'
import { firstSessions } from './first-sessions.js'
import { readDurationMs, readRefreshOptions, REFRESH_FLAGS } from './refresh-flags.js'
import { loadWorkloads, ROLE_FLAG } from './serve-options.js'
import { startSidecar } from './start-sidecar.js'

/** Standard input. */
const STDIN = 0

/** A failed connection passes within seconds, or is something to look at. */
const START_TIMEOUT_MS = 30_000

const START_TIMEOUT_FLAG: Flag = {
  name: 'start-timeout',
  value: 'DURATION',
  help: 'go on trying this long while AWS cannot be reached (default 30s; 0: one attempt)',
}

/** Runs a command with a credential server of its own, and ends as the command does. */
export const execCommand: Command = {
  usage: 'exec [flags] -- COMMAND [ARGUMENT…]',
  summary: 'Run a command with session credentials that stay fresh',
  description: `The command gets AWS_CONTAINER_CREDENTIALS_FULL_URI and
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, which every AWS SDK understands, for a server on a free port
of this machine that ends with it. It is started once there is a session. While AWS cannot be
reached or is busy, attempts go on for --start-timeout; anything else that is wrong ends it at once.
With --role, further roles are served at the URI with /NAME at its end. Terminal, standard input and
signals are the command's own; its exit status is passed on, with 128 and the signal's number when a
signal ended it, 127 when it does not exist and 126 when it cannot be run.`,
  flags: [...WORKLOAD_FLAGS, ROLE_FLAG, ...REFRESH_FLAGS, START_TIMEOUT_FLAG],
  arguments: { min: 1, max: Number.POSITIVE_INFINITY },
  example: 'exec --config-profile app -- aws s3 ls',

  async run({ flags, positionals: [name = '', ...args] }, io) {
    const log = commandLog('exec', flags, io, 'warn')
    const options = {
      ...readRefreshOptions(flags),
      workloads: await loadWorkloads(flags, io.env),
      listen: [{ host: '127.0.0.1', port: 0 }],
      tokenFileMode: 0o600 as const,
      firstAwaited: true,
    }
    const limitMs = readDurationMs(flags, START_TIMEOUT_FLAG.name) ?? START_TIMEOUT_MS
    const relay = relaySignals(io.onSignal, isatty(STDIN))
    let folder: PrivateFolder | undefined
    try {
      folder = await makePrivateFolder(tmpdir(), io.clock.now())
      const tokenFile = join(folder.path, 'token')
      // Until there is a session, what goes wrong is said once, by what is thrown here.
      let target = silentLogger
      const sidecar = await startSidecar(
        { ...options, tokenFile },
        { env: io.env, clock: io.clock, random: Math.random, log: logTo(() => target) },
      )
      try {
        const { signal } = relay
        await firstSessions(sidecar.sessions, { clock: io.clock, log, signal, limitMs })
        if (signal.aborted) return relay.status()
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
      await folder?.remove()
      relay.release()
    }
  },
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
