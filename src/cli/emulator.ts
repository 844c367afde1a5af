import { randomUUID } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { once } from 'node:events'
import type { ListenAddress, TlsFiles } from '../emulator/index.js'
import { RolesAnywhereError } from '../errors.js'
import { readTextFile } from '../pki/read-file.js'
import type { Command, FlagValues } from './command.js'
import { commandLog } from './command-log.js'
import { readEmulatorState, requireState } from './emulator-state.js'

const DEFAULT_LISTEN = '127.0.0.1:9443'

/** Runs the emulator until the process is asked to end. */
export const emulatorCommand: Command = {
  usage: 'emulator --state FILE | --from-template FILE [flags]',
  summary: 'Run a local look-alike of the AWS services that this program talks to',
  description: `One listener answers CreateSession, GetCallerIdentity, the S3 operations of a bucket
lister, ECR GetAuthorizationToken and a registry to pull from. The state file
names trust anchors, profiles, roles, buckets and repositories; docs/emulator.md
describes it. A CloudFormation template in JSON can take its place, or both can be given: trust
conditions and permissions are then those that AWS would get.

Tests steer it through http://ADDRESS/_emulator/faults and read what arrived from
http://ADDRESS/_emulator/requests.`,
  flags: [
    { name: 'state', value: 'FILE', help: 'JSON file with trust anchors, profiles and roles' },
    {
      name: 'from-template',
      value: 'FILE',
      help: 'CloudFormation template in JSON with trust anchors, profiles, roles and repositories',
    },
    {
      name: 'parameter',
      value: 'NAME=VALUE',
      repeatable: true,
      help: 'value of a parameter of the template; VALUE may be @FILE',
    },
    {
      name: 'outputs-file',
      value: 'FILE',
      help: "write the template's outputs there, as the CDK does, for the settings command",
    },
    {
      name: 'listen',
      value: 'ADDRESS',
      help: `host and port, default ${DEFAULT_LISTEN}; port 0 takes any free one`,
    },
    { name: 'tls-certificate', value: 'FILE', help: 'PEM certificate, to serve HTTPS' },
    { name: 'tls-private-key', value: 'FILE', help: 'PEM private key of that certificate' },
    {
      name: 'at',
      value: 'INSTANT',
      help: 'pin the clock to an RFC 3339 instant, to replay recorded requests',
    },
    {
      name: 'lenient',
      help: 'accept what the real service accepts with a remark in its audit trail',
    },
    { name: 'port-file', value: 'FILE', help: 'write the port there once it is open' },
  ],
  example: 'emulator --state state.json --listen 127.0.0.1:9443',
  async run({ flags }, io) {
    requireState(flags)
    const listen = parseListen(flags.get('listen') ?? DEFAULT_LISTEN)
    const at = parseInstant(flags.get('at'))
    const tls = await readTls(flags)
    // Loaded late: the table of commands must not pay for Express.
    const { createEmulator } = await import('../emulator/index.js')
    const log = commandLog('emulator', flags, io)
    const { state, outputs } = await readEmulatorState(flags, (message) => log.warn(message))
    const emulator = await createEmulator({
      state,
      listen,
      clock: io.clock,
      lenient: flags.has('lenient'),
      log,
      ...(tls ? { tls } : {}),
      ...(at ? { at } : {}),
    })
    try {
      const portFile = flags.get('port-file')
      const outputsFile = flags.get('outputs-file')
      if (outputsFile !== undefined) {
        await writeWhole(outputsFile, 'outputs-file', `${JSON.stringify(outputs, null, 2)}\n`)
      }
      if (portFile !== undefined) await writeWhole(portFile, 'port-file', `${emulator.port}\n`)
      io.stderr(`emulator listening on ${emulator.url}\n`)
      if (!io.signal.aborted) await once(io.signal, 'abort')
    } finally {
      await emulator.close()
    }
    return 0
  },
}

/** `HOST:PORT`, the host of IPv6 in brackets. */
function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const [, ipv6, name] = match ?? []
  const port = Number(match?.[3])
  const host = ipv6 ?? name
  if (host === undefined || port > 65_535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) {
    throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --listen: not HOST:PORT', {
      hint: `for example ${DEFAULT_LISTEN} or [::1]:9443`,
    })
  }
  return { host, port }
}

function parseInstant(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
  const instant = new Date(form.test(text) ? text : NaN)
  if (!Number.isNaN(instant.getTime())) return instant
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --at: not an RFC 3339 instant', {
    hint: 'for example 2026-11-22T05:47:51Z',
  })
}

async function readTls(flags: FlagValues): Promise<TlsFiles | undefined> {
  const certificate = flags.get('tls-certificate')
  const privateKey = flags.get('tls-private-key')
  if (certificate === undefined && privateKey === undefined) return undefined
  if (certificate === undefined || privateKey === undefined) {
    const message = 'flags --tls-certificate and --tls-private-key go together'
    throw new RolesAnywhereError('ERR_RA_FLAG_CONFLICT', message, {
      hint: 'give both to serve HTTPS, or neither to serve HTTP',
    })
  }
  return {
    certificate: await readNamed(certificate, 'tls-certificate'),
    privateKey: await readNamed(privateKey, 'tls-private-key'),
  }
}

async function readNamed(path: string, flag: string): Promise<string> {
  const text = await readTextFile(path)
  if (text !== undefined) return text
  const message = `file "${path}" (flag --${flag}): does not exist`
  throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', message, { hint: 'check the path' })
}

/** Whoever waits for the file finds it complete: it appears under its name when it is written. */
async function writeWhole(path: string, flag: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, text)
    await rename(temporary, path)
  } catch (cause) {
    const message = `file "${path}" (flag --${flag}): cannot be written`
    throw new RolesAnywhereError('ERR_RA_FILE_UNWRITABLE', message, {
      cause,
      hint: 'check that the folder exists, and who may write to it',
    })
  }
}
