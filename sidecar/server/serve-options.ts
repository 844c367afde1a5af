import type { Flag, FlagValues } from '../../src/cli/command.js'
import { WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { FILE_MODES, parseFileMode } from '../../src/config/file-mode.js'
import { loadWorkload } from '../../src/config/workload.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Workload } from '../../src/index.js'
import { CREDENTIALS_PATH } from './container-route.js'
import { imdsRefreshIntervalMs } from './imds-routes.js'
import { isLoopback, type ListenAddress, parseListenAddress } from '../listen-address.js'
import { QUIT_PATH } from './quit-route.js'
import {
  readDurationMs,
  readRefreshOptions,
  REFRESH_FLAGS,
  START_SPREAD_FLAG,
} from './refresh-flags.js'
import { parseRoles, parseRoleTokenFiles } from './roles.js'
import type { SidecarOptions } from './start-sidecar.js'

const TOKEN_FILE_VARIABLE = 'ROLESANYWHERE_AUTHORIZATION_TOKEN_FILE'

type Environment = Readonly<Record<string, string | undefined>>

/** A role besides the default one. */
export const ROLE_FLAG: Flag = {
  name: 'role',
  value: 'NAME=ARN',
  repeatable: true,
  help: `one more role, served at ${CREDENTIALS_PATH}/NAME`,
}

/** Every flag of `serve`. */
export const SERVE_FLAGS: readonly Flag[] = [
  ...WORKLOAD_FLAGS,
  {
    name: 'listen',
    value: 'HOST:PORT',
    repeatable: true,
    help: 'where SDKs ask (default 127.0.0.1:9911); port 0: any free port, the same for all',
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
  {
    name: 'authorization-token-file-mode',
    value: 'MODE',
    choices: FILE_MODES,
    help: 'permissions of a token file that is made: 0600, 0640 or 0644 (default 0644)',
  },
  {
    name: 'make-token-files',
    help: 'make the token files that do not exist and end; for an init container',
  },
  { name: 'no-authorization', help: 'serve every process that can reach the port' },
  ROLE_FLAG,
  {
    name: 'role-token-file',
    value: 'NAME=FILE',
    repeatable: true,
    help: 'a token of its own for a role; made if it does not exist',
  },
  {
    name: 'imds',
    help: 'also answer as the instance metadata service (version 2) for the default role',
  },
  {
    name: 'quit',
    help: `end, as by SIGTERM, on POST ${QUIT_PATH} with the authorization token`,
  },
  {
    name: 'drain-delay',
    value: 'DURATION',
    help: 'go on serving for this time after SIGTERM, for clients that end later (default 0)',
  },
  ...REFRESH_FLAGS,
  START_SPREAD_FLAG,
]

/** What the flags say: what to serve, and how to end. */
export interface ServeOptions extends Omit<SidecarOptions, 'onQuit'> {
  /** Whether a client may end it. */
  readonly quit: boolean
  /** How long to go on after having been asked to end. */
  readonly drainDelayMs: number
}

/**
 * Reads them. Everything is checked before anything has an effect.
 *
 * @throws RolesAnywhereError of kind `usage` or `config`.
 */
export async function readServeOptions(flags: FlagValues, env: Environment): Promise<ServeOptions> {
  const port = flags.get('port')
  if (port !== undefined && flags.has('listen')) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'flags --port and --listen exclude each other',
      { hint: 'give one of them' },
    )
  }
  const roles = parseRoles(flags.all('role'))
  const addresses = flags.all('listen').map((text) => parseListenAddress(text, 'listen'))
  const listen =
    addresses.length > 0
      ? addresses
      : [parseListenAddress(port ?? '127.0.0.1:9911', port ? 'port' : 'listen')]
  const workloads = await loadWorkloads(flags, env)
  const authorization = authorizationOptions(flags, env, listen)
  const quit = flags.has('quit')
  if (quit && authorization.tokenFile === undefined) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'flag --quit needs --authorization-token-file',
      { hint: 'without a token every process that reaches the port could end the server' },
    )
  }
  return {
    ...readRefreshOptions(flags),
    ...authorization,
    ...imds(flags, workloads, authorization.closed === true),
    quit,
    drainDelayMs: readDurationMs(flags, 'drain-delay') ?? 0,
    roleTokenFiles: parseRoleTokenFiles(flags.all('role-token-file'), roles),
    listen,
    healthListen: parseListenAddress(
      flags.get('health-listen') ?? '127.0.0.1:9912',
      'health-listen',
    ),
    workloads,
  }
}

/** Clients of the metadata service take a session near its end for trouble: it is renewed earlier. */
function imds(
  flags: FlagValues,
  workloads: ReadonlyMap<string, Workload>,
  isOnlyWay: boolean,
): Pick<SidecarOptions, 'imds' | 'refreshIntervalMs'> {
  if (!flags.has('imds') && !isOnlyWay) return {}
  const asked = readRefreshOptions(flags).refreshIntervalMs ?? Number.POSITIVE_INFINITY
  const needed = imdsRefreshIntervalMs(workloads.get('')?.params.durationSeconds ?? 3600)
  if (needed !== undefined) return { imds: true, refreshIntervalMs: Math.min(asked, needed) }
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_CONFLICT',
    flags.has('imds')
      ? 'flag --imds needs sessions that are longer'
      : 'without --authorization-token-file, sessions have to be longer',
    { hint: 'pass --session-duration 1h' },
  )
}

/**
 * What each role asks for, by name; the empty name is the default role. Read again on SIGHUP, since
 * the AWS config file may have changed.
 */
export async function loadWorkloads(
  flags: FlagValues,
  env: Environment,
): Promise<ReadonlyMap<string, Workload>> {
  const workloads = new Map([['', await loadWorkload({ flags, env })]])
  for (const [name, roleArn] of parseRoles(flags.all('role'))) {
    const get = (flag: string): string | undefined =>
      flag === 'role-arn' ? roleArn : flags.get(flag)
    workloads.set(name, await loadWorkload({ flags: { ...flags, get }, env }))
  }
  return workloads
}

/**
 * Who may ask. With neither flag, clients come as they come to `aws_signing_helper serve`: by the
 * instance metadata routes, from this machine. Further than loopback, or to make token files, somebody
 * has to say what is meant.
 */
function authorizationOptions(
  flags: FlagValues,
  env: Environment,
  listen: readonly ListenAddress[],
): Pick<SidecarOptions, 'tokenFile' | 'tokenFileMode' | 'closed'> {
  const flag = 'authorization-token-file-mode'
  const bits = flags.get(flag)
  const mode = bits === undefined ? {} : { tokenFileMode: parseFileMode(bits, flag) }
  if (flags.has('no-authorization')) return mode
  const path = flags.get('authorization-token-file') ?? (env[TOKEN_FILE_VARIABLE] || undefined)
  if (path !== undefined) return { tokenFile: path, ...mode }
  if (listen.every(isLoopback) && !flags.has('make-token-files')) return { closed: true, ...mode }
  throw new RolesAnywhereError(
    'ERR_RA_SETTING_MISSING',
    'missing setting --authorization-token-file',
    {
      hint: `pass it or set ${TOKEN_FILE_VARIABLE}; --no-authorization serves every process that reaches the port`,
    },
  )
}
