import { parseRegistryHost, type RegistryHost, registryHostNames } from '../ecr/registry-host.js'
import { privateRegistry } from '../ecr/registry-host.js'
import type { RegistryConfig } from '../ecr/registry-config.js'
import { kindOf, RolesAnywhereError } from '../errors.js'
import { VERSION } from '../version.js'
import type { Command, FlagValues, Io } from './command.js'
import { commandLog } from './command-log.js'
import { ECR_FLAGS, loadEcrSettings } from './ecr-settings.js'
import { ecrTokens } from './ecr-tokens.js'
import { readInput } from './read-input.js'
import { WORKLOAD_FLAGS } from './setting-flags.js'

/** Name of the program that docker looks for. */
const NAME = 'docker-credential-rolesanywhere'

const USAGE = `Usage: ${NAME} <store|get|erase|list|version>\n`

/** Docker compares with this text, and goes on without credentials. */
const NOT_FOUND = 'credentials not found in native keychain'
const NO_SERVER = 'no credentials server URL'

/** No server URL is longer, and no document that docker stores. */
const MAX_INPUT_BYTES = 64 * 1024

/**
 * Speaks docker's protocol for credential helpers: errors go to standard output, where docker looks
 * for them, and every failure has status 1.
 *
 * @see https://github.com/docker/docker-credential-helpers#development
 */
export const ecrDockerCredentialCommand: Command = {
  usage: 'ecr docker-credential get|store|erase|list [flags]',
  summary: 'Give docker, podman, skopeo and buildah passwords for Amazon ECR',
  description: `For docker: put ${NAME}, which is this command under
the name that docker looks for, into the PATH, settings into the environment or the AWS config
profile, and the registry into ~/.docker/config.json (podman, skopeo, buildah: auth.json):

  { "credHelpers": { "123456789012.dkr.ecr.eu-central-1.amazonaws.com": "rolesanywhere" } }

get reads the registry's URL from standard input. store and erase do nothing: there is nothing to
keep. list names the registries of --ecr-config, without asking anybody.`,
  flags: [...ECR_FLAGS, ...WORKLOAD_FLAGS],
  arguments: { min: 0, max: 100 },
  example: 'ecr docker-credential get --config-profile images',
  async run({ flags, positionals }, io) {
    const [action, ...rest] = positionals
    if (action === undefined || rest.length > 0) return fail(io, USAGE.trim())
    if (action === '--help' || action === '-h') return say(io, USAGE)
    if (['version', '--version', '-v'].includes(action)) {
      return say(io, `${NAME} (rolesanywhere-sidecar) ${VERSION}\n`)
    }
    if (action === 'store' || action === 'erase') return 0
    if (action === 'list') return list(flags, io)
    if (action === 'get') return get(flags, io)
    return fail(io, `${NAME}: unknown action: ${printable(action)}`)
  },
}

async function get(flags: FlagValues, io: Io): Promise<number> {
  let found: RegistryHost | undefined
  try {
    const server = (await readInput(io, MAX_INPUT_BYTES)).trim()
    if (server === '') return fail(io, NO_SERVER)
    const settings = await ecrSettingsFor(server, flags, io)
    if (!settings) return fail(io, NOT_FOUND)
    found = settings.found
    const log = commandLog('ecr', flags, io, 'error')
    const tokens = ecrTokens({ ...settings.ecr, flags, io, log })
    const { username, password } = await tokens.token(found.registry)
    const answer = { ServerURL: server, Username: username, Secret: password.reveal() }
    return say(io, `${JSON.stringify(answer)}\n`)
  } catch (error) {
    if (kindOf(error) === 'denied' && found?.registry.kind === 'public') {
      // Everybody may pull there; the role just has no allowance of its own.
      io.stderr(`${NAME}: ${sentence(error)}; pulling without credentials\n`)
      return fail(io, NOT_FOUND)
    }
    return fail(io, `${NAME}: ${sentence(error)}`)
  }
}

interface Found {
  readonly found: RegistryHost
  readonly ecr: Awaited<ReturnType<typeof loadEcrSettings>>
}

/**
 * Settings are read for hosts of ECR first: what is wrong with them must not break pulls from other
 * registries. Other hosts can only be known as aliases.
 */
async function ecrSettingsFor(
  server: string,
  flags: FlagValues,
  io: Io,
): Promise<Found | undefined> {
  const own = parseRegistryHost(server)
  try {
    const ecr = await loadEcrSettings(flags, io)
    const found = parseRegistryHost(server, ecr.registries.aliases)
    return found && { found, ecr }
  } catch (error) {
    if (own) throw error
    io.stderr(`${NAME}: ${sentence(error)}\n`)
    return undefined
  }
}

/** Instant, offline and never a failure: docker build asks before every build. */
async function list(flags: FlagValues, io: Io): Promise<number> {
  let hosts: readonly string[] = []
  try {
    hosts = configuredHosts((await loadEcrSettings(flags, io)).registries)
  } catch (error) {
    io.stderr(`${NAME}: ${sentence(error)}\n`)
  }
  return say(io, `${JSON.stringify(Object.fromEntries(hosts.map((host) => [host, 'AWS'])))}\n`)
}

function configuredHosts({ aliases, roles }: RegistryConfig): string[] {
  const named = [...roles.keys()].flatMap((selector) => {
    const [account = '', region = ''] = selector.split('/')
    const registry = privateRegistry(account, region)
    return registry ? registryHostNames(registry).slice(0, 1) : []
  })
  return [...named, ...aliases.keys()]
}

function say(io: Io, text: string): number {
  io.stdout(text)
  return 0
}

function fail(io: Io, text: string): number {
  io.stdout(`${text}\n`)
  return 1
}

/** One line, with what to do. A bug has no text that could be shown: it may quote anything. */
function sentence(error: unknown): string {
  if (!(error instanceof RolesAnywhereError)) return 'internal error'
  const hint = error.hint === undefined ? '' : ` (${error.hint})`
  return `${error.message}${hint} [${error.code}]`.replace(/\s+/g, ' ')
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)
