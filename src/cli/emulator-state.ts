import type { EmulatorState } from '../emulator/index.js'
import { RolesAnywhereError } from '../errors.js'
import { readTextFile } from '../pki/read-file.js'
import type { FlagValues } from './command.js'

/** Outputs by stack, in the form of the CDK's `--outputs-file`. */
type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>

/**
 * Refuses a command line that gives the emulator nothing to know.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_MISSING` or `ERR_RA_FLAG_CONFLICT`.
 */
export function requireState(flags: FlagValues): void {
  if (flags.get('from-template') !== undefined) return
  if (flags.get('state') === undefined) {
    throw new RolesAnywhereError('ERR_RA_SETTING_MISSING', 'missing flag --state', {
      hint: 'docs/emulator.md has a state file to start from',
    })
  }
  const alone = ['parameter', 'outputs-file'].find((name) => flags.has(name))
  if (alone === undefined) return
  throw new RolesAnywhereError(
    'ERR_RA_FLAG_CONFLICT',
    `flag --${alone} is for a template, and there is none`,
    { hint: 'name one with --from-template' },
  )
}

/** Reads what the emulator knows from a state file, a template, or both. */
export async function readEmulatorState(
  flags: FlagValues,
  warn: (message: string) => void,
): Promise<{ state: EmulatorState; outputs: Outputs }> {
  // Loaded late: the table of commands must not pay for Express.
  const { readStateFile, readTemplate } = await import('../emulator/index.js')
  const path = flags.get('from-template')
  const stateFile = flags.get('state')
  if (path === undefined) return { state: readStateFile(stateFile ?? ''), outputs: {} }
  const parameters = new Map(await Promise.all(flags.all('parameter').map(parseParameter)))
  const { state, outputs, stackName } = readTemplate({ path, parameters, stateFile, warn })
  return { state, outputs: { [stackName]: Object.fromEntries(outputs) } }
}

/** A certificate is a file, and nobody wants it on a command line. */
async function parseParameter(text: string): Promise<readonly [string, string]> {
  const [, name, value] = /^((?:AWS::)?[A-Za-z0-9]+)=([^]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', 'flag --parameter: not NAME=VALUE', {
      hint: 'for example --parameter BucketListerUnit=payments or --parameter CertificateBundle=@ca.pem',
    })
  }
  if (!value.startsWith('@')) return [name, value]
  const path = value.slice(1)
  const content = await readTextFile(path)
  if (content !== undefined) return [name, content]
  const message = `file "${path}" (flag --parameter ${name}): does not exist`
  throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', message, { hint: 'check the path' })
}
