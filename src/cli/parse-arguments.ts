import { parseArgs } from 'node:util'
import { RolesAnywhereError } from '../errors.js'
import type { Command, Flag, FlagValues, Invocation } from './command.js'
import { nearest } from './nearest.js'
import { UNSUPPORTED_FLAGS } from './unsupported-flags.js'

/**
 * Reads the arguments of one command. Switches also take `=true` and `=false`, as those of
 * `aws_signing_helper` do; everything after `--` is an argument.
 *
 * @param flags The command's own flags and the program's.
 * @throws RolesAnywhereError of kind `usage`; no message repeats a value.
 */
export function parseArguments(
  command: Pick<Command, 'arguments' | 'usage'>,
  flags: readonly Flag[],
  args: readonly string[],
): Invocation {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      flags.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) },
      ]),
    ),
  })
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = known(byName, token.rawName, args[token.index])
    const value =
      flag.value === undefined
        ? switched(flag, token.value)
        : required(flag, forgotten(token, byName) ? undefined : token.value)
    const earlier = flag.repeatable ? (values.get(flag.name) ?? []) : []
    values.set(flag.name, [...earlier, value])
  }
  checkCount(command, positionals)
  return { flags: flagValues(values), positionals }
}

/** @param written The whole argument that the flag was found in. */
function known(byName: ReadonlyMap<string, Flag>, rawName: string, written = ''): Flag {
  const name = rawName.replace(/^-+/, '')
  const found = rawName.startsWith('--')
    ? byName.get(name)
    : [...byName.values()].find(({ short }) => short === name)
  if (found) return found
  const reason = Object.hasOwn(UNSUPPORTED_FLAGS, name) ? UNSUPPORTED_FLAGS[name] : undefined
  if (reason !== undefined) {
    throw new RolesAnywhereError('ERR_RA_FLAG_UNSUPPORTED', `flag --${name} is not supported`, {
      hint: reason,
    })
  }
  // `-region` is read as `-r`, `-e` and so on.
  const [, word = name] = rawName.startsWith('--') ? [] : (/^-([a-z][\w-]+)/.exec(written) ?? [])
  const guess = nearest(word, [...byName.keys()])
  throw new RolesAnywhereError('ERR_RA_FLAG_UNKNOWN', `unknown flag ${rawName}`, {
    hint: guess === undefined ? 'see --help' : `did you mean --${guess}?`,
  })
}

/** Whether what would be the value is the next flag. Written with `=` it may be anything. */
function forgotten(
  { value = '', inlineValue }: { value?: string | undefined; inlineValue?: boolean | undefined },
  byName: ReadonlyMap<string, Flag>,
): boolean {
  const [, name = ''] = /^--([^=]+)/.exec(value) ?? []
  return inlineValue === false && byName.has(name)
}

function switched(flag: Flag, value: string | undefined): string {
  if (value === undefined || value === 'true') return 'true'
  if (value === 'false') return 'false'
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${flag.name} is a switch`, {
    hint: `write --${flag.name} alone, or --${flag.name}=false`,
  })
}

function required(flag: Flag, value: string | undefined): string {
  if (value !== undefined) return value
  throw new RolesAnywhereError('ERR_RA_FLAG_INVALID', `flag --${flag.name} needs a value`, {
    hint: `write --${flag.name} ${flag.value ?? 'VALUE'}`,
  })
}

function checkCount(command: Pick<Command, 'arguments' | 'usage'>, given: readonly string[]): void {
  const { min, max } = command.arguments ?? { min: 0, max: 0 }
  if (given.length >= min && given.length <= max) return
  const what = given.length < min ? 'an argument is missing' : 'too many arguments'
  throw new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', what, {
    hint: `usage: rolesanywhere ${command.usage}`,
  })
}

function flagValues(values: ReadonlyMap<string, readonly string[]>): FlagValues {
  const last = (name: string): string | undefined => values.get(name)?.at(-1)
  return {
    has: (name) => last(name) !== undefined && last(name) !== 'false',
    get: last,
    all: (name) => values.get(name) ?? [],
  }
}
