import { createServer, type Server } from 'node:http'
import type { Command, FlagValues, Io } from '../../src/cli/command.js'
import { commandLog } from '../../src/cli/command-log.js'
import { WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { parseDurationSeconds } from '../../src/config/duration.js'
import { loadWorkload } from '../../src/config/workload.js'
import { RolesAnywhereError } from '../../src/errors.js'
import { keepSession, type SessionKeeper, sessionSource, type Workload } from '../../src/index.js'
import { type Logger, logWith } from '../../src/log.js'
import { type Authorization, openToAll, tokenAuthorization } from './authorization.js'
import { CREDENTIALS_PATH } from './container-route.js'
import { createCredentialServer } from './credential-server.js'
import { drain, listen } from './listen.js'
import { type ListenAddress, parseListenAddress } from './listen-address.js'
import { parseRoles } from './roles.js'
import { openTokenFile } from './token-file.js'

const TOKEN_FILE_VARIABLE = 'ROLESANYWHERE_AUTHORIZATION_TOKEN_FILE'

/** Serves session credentials on the local container credentials endpoint until it is told to end. */
export const serveCommand: Command = {
  usage: 'serve --authorization-token-file FILE [flags]',
  summary: 'Serve session credentials to the containers of a pod, always fresh',
  description: `An AWS SDK in the same pod finds them with two variables:

  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9911/v1/credentials
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=FILE

Sessions are renewed in the background. When AWS cannot be reached, the last session is served
until a minute before its end. /healthz and /readyz answer on the health listener.`,
  flags: [
    ...WORKLOAD_FLAGS,
    {
      name: 'listen',
      value: 'HOST:PORT',
      help: 'where SDKs ask (default 127.0.0.1:9911); port 0: any free port',
    },
    { name: 'port', value: 'PORT', help: 'the same as --listen 127.0.0.1:PORT' },
    {
      name: 'hop-limit',
      value: 'N',
      help: 'accepted for compatibility; has no meaning on loopback',
    },
    {
      name: 'health-listen',
      value: 'HOST:PORT',
      help: 'where the kubelet asks (default 127.0.0.1:9912)',
    },
    {
      name: 'authorization-token-file',
      value: 'FILE',
      help: `file with the token that clients must send; made if it does not exist [${TOKEN_FILE_VARIABLE}]`,
    },
    { name: 'no-authorization', help: 'serve every process that can reach the port' },
    {
      name: 'role',
      value: 'NAME=ARN',
      repeatable: true,
      help: `one more role, served at ${CREDENTIALS_PATH}/NAME`,
    },
    {
      name: 'refresh-interval',
      value: 'DURATION',
      help: 'renew at the latest after this time, however long a session lives',
    },
  ],
  example: 'serve --config-profile app --authorization-token-file /run/rolesanywhere/token',

  async run({ flags }, io) {
    const log = commandLog('serve', flags, io)
    const options = await readOptions(flags, io)
    if (flags.get('hop-limit') !== undefined) log.warn('--hop-limit has no effect on loopback')
    const background = new AbortController()
    const authorization = await authorize(options, {
      clock: io.clock,
      log,
      signal: background.signal,
    })
    const sessions = startSessions(options, io, log)
    const servers: Server[] = []
    try {
      const server = createCredentialServer({ sessions, authorization, host: options.listen.host })
      servers.push(server)
      const url = await listen(server, options.listen)
      const { createHealthApp } = await import('./health-app.js')
      const health = createServer(createHealthApp(sessions))
      servers.push(health)
      const healthUrl = await listen(health, options.healthListen)
      log.info('serving credentials', {
        uri: url + CREDENTIALS_PATH,
        health: healthUrl,
        roles: [...sessions.keys()].filter(Boolean),
        tokenFile: options.tokenFile,
      })
      await ended(io.signal)
      log.info('draining')
      return 0
    } finally {
      await Promise.all(servers.map(async (server) => drain(server, io.clock)))
      await Promise.all([...sessions.values()].map(async (keeper) => keeper.stop()))
      background.abort()
    }
  },
}

interface Options {
  readonly listen: ListenAddress
  readonly healthListen: ListenAddress
  /** `undefined`: every process may ask. */
  readonly tokenFile: string | undefined
  readonly refreshIntervalMs?: number
  /** By role name; the empty name is the default role. */
  readonly workloads: ReadonlyMap<string, Workload>
}

/** Everything is checked before anything has an effect. */
async function readOptions(flags: FlagValues, io: Io): Promise<Options> {
  const port = flags.get('port')
  if (port !== undefined && flags.has('listen')) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'flags --port and --listen exclude each other',
    )
  }
  const tokenFile =
    flags.get('authorization-token-file') ?? (io.env[TOKEN_FILE_VARIABLE] || undefined)
  if (tokenFile === undefined && !flags.has('no-authorization')) {
    throw new RolesAnywhereError(
      'ERR_RA_SETTING_MISSING',
      'missing setting --authorization-token-file',
      {
        hint: `pass it or set ${TOKEN_FILE_VARIABLE}; --no-authorization serves every process that reaches the port`,
      },
    )
  }
  const roles = parseRoles(flags.all('role'))
  const workload = await loadWorkload({ flags, env: io.env })
  const named = [...roles].map(async ([name, roleArn]) => {
    const replaced = {
      ...flags,
      get: (flag: string) => (flag === 'role-arn' ? roleArn : flags.get(flag)),
    }
    return [name, await loadWorkload({ flags: replaced, env: io.env })] as const
  })
  return {
    listen: parseListenAddress(
      port ?? flags.get('listen') ?? '127.0.0.1:9911',
      port ? 'port' : 'listen',
    ),
    healthListen: parseListenAddress(
      flags.get('health-listen') ?? '127.0.0.1:9912',
      'health-listen',
    ),
    tokenFile: flags.has('no-authorization') ? undefined : tokenFile,
    ...refreshInterval(flags),
    workloads: new Map([['', workload] as const, ...(await Promise.all(named))]),
  }
}

async function authorize(
  { tokenFile }: Options,
  deps: Parameters<typeof openTokenFile>[1],
): Promise<Authorization> {
  if (tokenFile === undefined) return openToAll
  const file = await openTokenFile(tokenFile, deps)
  return tokenAuthorization(() => file.tokens())
}

function startSessions(
  { workloads, refreshIntervalMs }: Options,
  io: Io,
  log: Logger,
): ReadonlyMap<string, SessionKeeper> {
  const start = ([name, workload]: [string, Workload]): [string, SessionKeeper] => {
    const deps = {
      env: io.env,
      clock: io.clock,
      random: Math.random,
      log: logWith(log, { role: name || 'default' }),
      ...(refreshIntervalMs !== undefined && { refreshIntervalMs }),
    }
    return [name, keepSession(sessionSource(workload, deps), deps)]
  }
  return new Map([...workloads].map(start))
}

function refreshInterval(flags: FlagValues): Pick<Options, 'refreshIntervalMs'> {
  const text = flags.get('refresh-interval')
  if (text === undefined) return {}
  const seconds = parseDurationSeconds(text)
  if (seconds >= 60) return { refreshIntervalMs: seconds * 1000 }
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --refresh-interval is below 60 s', {
    hint: 'CreateSession is limited to ten calls a second for a whole account; an hour is a good interval',
  })
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
