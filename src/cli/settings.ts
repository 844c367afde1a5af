import { isAbsolute } from 'node:path'
import { SETTINGS } from '../config/settings.js'
import { RolesAnywhereError } from '../errors.js'
import { readTextFile } from '../pki/read-file.js'
import type { Command, FlagValues, Io } from './command.js'
import { deployedTarget, required } from './deployed-target.js'
import { readInput } from './read-input.js'
import { FORMATS, type FormatName } from './settings-formats.js'
import { readStackOutputs } from './stack-outputs.js'

const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[]

/** Outputs of every stack of an account fit in it. */
const MAX_BYTES = 8 * 1024 * 1024

const FILES = [SETTINGS.certificate, SETTINGS.privateKey, SETTINGS.intermediates]

/** A name that needs no quotes in a config file, a shell and a cluster. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/

/** Turns what a deployment says of itself into settings. */
export const settingsCommand: Command = {
  usage: 'settings [FILE] --format FORMAT [flags]',
  summary: "Print settings for every part of this program from a stack's outputs",
  description: `Reads the JSON of "aws cloudformation describe-stacks", of "cdk deploy --outputs-file" or
of "terraform output -json", from FILE or standard input. docs/infrastructure.md has the stack.

  aws-config    a profile of the AWS config file
  serve-args    flags for serve, exec, update and credential-process
  env           variables, one per line
  injector      a configuration file of the injector
  config-map    a ConfigMap with the variables
  kubelet       the kubelet's configuration of the ECR credential provider
  pull-secrets  flags for ecr pull-secrets

The last two take the role that pulls images, the others the one that lists buckets.`,
  flags: [
    {
      name: 'format',
      value: 'FORMAT',
      choices: FORMAT_NAMES,
      help: `what to print: ${FORMAT_NAMES.join(', ')}`,
    },
    { name: 'stack', value: 'NAME', help: 'which stack, where the file holds several' },
    {
      name: 'role',
      value: 'NAME',
      help: 'which role, by the name of its output: image-puller for ImagePullerRoleArn',
    },
    {
      name: 'name',
      value: 'NAME',
      help: 'name of the profile, the ConfigMap or the rule of the injector (default rolesanywhere)',
    },
    {
      name: 'namespace',
      value: 'PATTERN',
      repeatable: true,
      help: "write the injector's allow-list too: namespaces whose pods may have the role",
    },
    ...FILES.map(({ flag, value, help }) => ({ name: flag, value, help })),
  ],
  example: 'settings outputs.json --format aws-config --certificate tls.crt --private-key tls.key',
  arguments: { min: 0, max: 1 },
  async run({ flags, positionals }, io) {
    const format = formatOf(flags)
    const name = nameOf(flags)
    const [path = '-'] = positionals
    const source = path === '-' ? 'standard input' : `file "${path}"`
    const outputs = readStackOutputs(await read(path, io), source, flags.get('stack'))
    const { role, write } = FORMATS[format]
    io.stdout(
      write({
        target: deployedTarget(outputs, flags.get('role'), role),
        files: filesOf(flags, format),
        name,
        namespaces: flags.all('namespace'),
        registryHost: () => required(outputs, 'RegistryHost'),
      }),
    )
    return 0
  },
}

function formatOf(flags: FlagValues): FormatName {
  const given = flags.get('format')
  const known = FORMAT_NAMES.find((name) => name === given)
  if (known) return known
  const hint = `formats are ${FORMAT_NAMES.join(', ')}`
  throw given === undefined
    ? new RolesAnywhereError('ERR_RA_SETTING_MISSING', 'missing flag --format', { hint })
    : new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --format names no format', { hint })
}

function nameOf(flags: FlagValues): string {
  const name = flags.get('name') ?? 'rolesanywhere'
  if (NAME.test(name)) return name
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --name is not a name', {
    hint: 'at most 63 lower-case letters, digits, dots and dashes',
  })
}

async function read(path: string, io: Io): Promise<string> {
  if (path === '-') return readInput(io, MAX_BYTES)
  const text = await readTextFile(path)
  if (text !== undefined) return text
  throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `file "${path}": does not exist`, {
    hint: 'check the path',
  })
}

/** They are copied into lines, so one that holds a line break would write a setting of its own. */
function filesOf(flags: FlagValues, format: FormatName): Record<string, string> {
  const given = FILES.flatMap(({ flag }) => {
    const value = flags.get(flag)
    return value === undefined ? [] : [[flag, value] as const]
  })
  const broken = given.find(([, value]) => /\p{Cc}/u.test(value))
  if (broken) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_INVALID',
      `flag --${broken[0]} has a line break in it`,
    )
  }
  const relative = given.find(([, value]) => !isAbsolute(value) && !/^(env|pkcs11):/.test(value))
  if (format === 'kubelet' && relative) {
    throw new RolesAnywhereError(
      'ERR_RA_SETTING_INVALID',
      `flag --${relative[0]} is not an absolute path`,
      { hint: 'the kubelet runs the provider in a folder of its own choice' },
    )
  }
  return Object.fromEntries(given)
}
