import type { Command, Flag } from '../../src/cli/command.js'
import { EXIT_STATUS } from '../../src/cli/exit-status.js'
import { PROGRAM_FLAGS, WORKLOAD_FLAGS } from '../../src/cli/setting-flags.js'
import { COMMANDS } from '../../src/commands.js'
import { PROGRAM_SETTINGS, type Setting, SETTINGS } from '../../src/config/settings.js'
import { type ErrorKind, KIND_OF } from '../../src/errors.js'
import { FURTHER_VARIABLES } from './environment.js'

/** One command as the reference tells of it. */
export interface ReferenceCommand {
  readonly name: string
  readonly command: Command
  /** All that it has but the shared ones. */
  readonly flags: readonly Flag[]
  /** Whether it has all flags that say who the workload is. */
  readonly takesWorkload: boolean
}

/** Everything that the reference page and the manual page say. */
export interface Reference {
  readonly commands: readonly ReferenceCommand[]
  readonly workloadSettings: readonly Setting<unknown>[]
  readonly programFlags: readonly Flag[]
  readonly programSettings: readonly Setting<unknown>[]
  readonly variables: readonly (readonly [name: string, meaning: string])[]
  readonly exitStatuses: readonly (readonly [status: string, meaning: string])[]
  readonly errorCodes: readonly (readonly [kind: ErrorKind, codes: readonly string[]])[]
}

const MEANING: Record<ErrorKind, string> = {
  internal: 'a bug in this program',
  usage: 'wrong command line',
  config: 'missing or invalid setting, or a port that is taken',
  identity: 'certificate or key unreadable, unfit, expired or mismatched',
  denied: 'the service said no',
  unavailable: 'network, timeout, throttling, or a failing service',
}

/** Reads the program's own tables. */
export async function readReference(): Promise<Reference> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => referenceOf(name, await load())),
  )
  const settings: readonly Setting<unknown>[] = Object.values(SETTINGS)
  const programSettings: readonly Setting<unknown>[] = Object.values(PROGRAM_SETTINGS)
  return {
    commands,
    workloadSettings: settings,
    programFlags: PROGRAM_FLAGS,
    programSettings,
    variables: variablesOf([...settings, ...programSettings], commands),
    exitStatuses: [
      ['0', 'success'],
      ...Object.entries(EXIT_STATUS).map(([kind, status]): [string, string] => [
        String(status),
        `${MEANING[kind as ErrorKind]} (\`${kind}\`)`,
      ]),
      ['128 + N', 'ended by signal N'],
    ],
    errorCodes: Object.keys(EXIT_STATUS).map((kind) => [
      kind as ErrorKind,
      Object.entries(KIND_OF).flatMap(([code, of]) => (of === kind ? [code] : [])),
    ]),
  }
}

function referenceOf(name: string, command: Command): ReferenceCommand {
  const takesWorkload = WORKLOAD_FLAGS.every((flag) => command.flags.includes(flag))
  const flags = command.flags.filter((flag) => !takesWorkload || !WORKLOAD_FLAGS.includes(flag))
  return { name, command, flags, takesWorkload }
}

/** Each variable once: of a setting, of a flag that names it in brackets, or further ones. */
function variablesOf(
  settings: readonly Setting<unknown>[],
  commands: readonly ReferenceCommand[],
): [string, string][] {
  const found = new Map<string, string>()
  for (const { env, flag } of settings) {
    if (env !== undefined) found.set(env, `the same as \`--${flag}\``)
  }
  for (const { name, flags } of commands) {
    for (const flag of flags) {
      for (const [, variable = ''] of flag.help.matchAll(/\[([A-Z][A-Z0-9_]+)\]/g)) {
        if (!found.has(variable))
          found.set(variable, `the same as \`--${flag.name}\` of \`${name}\``)
      }
    }
  }
  for (const [name, meaning] of Object.entries(FURTHER_VARIABLES)) {
    if (!found.has(name)) found.set(name, meaning)
  }
  return [...found]
}

/** A piece of a command's description: a paragraph, or lines that are indented because they are code. */
export interface Block {
  readonly kind: 'code' | 'text'
  readonly lines: readonly string[]
}

/** Takes a description apart. */
export function blocksOf(description: string): Block[] {
  const blocks: { kind: Block['kind']; lines: string[] }[] = []
  let last: Block['kind'] | undefined
  for (const line of description.trim().split('\n')) {
    const kind = line.startsWith('  ') ? 'code' : 'text'
    if (line.trim() === '') last = undefined
    else if (kind === last) blocks.at(-1)?.lines.push(kind === 'code' ? line.slice(2) : line)
    else {
      blocks.push({ kind, lines: [kind === 'code' ? line.slice(2) : line] })
      last = kind
    }
  }
  return blocks
}

/** A flag as it is written: `-f, --filename FILE`. */
export const written = ({ name, short, value }: Flag): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`

/** The meaning of a flag, with its choices where the text does not name them all. */
export function meaningOf({ help, choices = [], repeatable }: Flag): string {
  const named = choices.every((choice) => help.includes(choice))
  return [
    help,
    ...(named ? [] : [`one of ${choices.join(', ')}`]),
    ...(repeatable ? ['may be given more than once'] : []),
  ].join('; ')
}
