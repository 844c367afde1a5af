import type { Command, Flag } from './command.js'
import { PROGRAM_FLAGS, WORKLOAD_FLAGS } from './setting-flags.js'

/** What a shell offers after a flag. */
export type ValueKind = 'none' | 'file' | 'folder' | 'choices' | 'text'

/** A flag as a shell needs to know it. */
export interface CompletedFlag {
  readonly name: string
  readonly short?: string
  readonly value: string
  readonly kind: ValueKind
  readonly choices: readonly string[]
  readonly repeatable: boolean
  readonly help: string
}

/** A command as a shell needs to know it. */
export interface CompletedCommand {
  /** One word, or two. */
  readonly name: string
  readonly summary: string
  /** All that it has but the shared ones. */
  readonly flags: readonly CompletedFlag[]
  /** Whether it has all flags that say who the workload is. */
  readonly takesWorkload: boolean
  /** Words that its argument may be. */
  readonly words: readonly string[]
}

/** Everything that a completion script is made of. */
export interface Completion {
  readonly commands: readonly CompletedCommand[]
  readonly workloadFlags: readonly CompletedFlag[]
  readonly programFlags: readonly CompletedFlag[]
}

/** What a shell needs to know of all commands, in their order. */
export function completionOf(
  commands: readonly {
    readonly name: string
    readonly summary: string
    readonly command: Command
  }[],
): Completion {
  return {
    commands: commands.map(({ name, summary, command }) => {
      const takesWorkload = WORKLOAD_FLAGS.every((flag) => command.flags.includes(flag))
      const own = command.flags.filter((flag) => !takesWorkload || !WORKLOAD_FLAGS.includes(flag))
      return {
        name,
        summary,
        flags: own.map(completed),
        takesWorkload,
        words: wordsOf(command.usage),
      }
    }),
    workloadFlags: WORKLOAD_FLAGS.map(completed),
    programFlags: PROGRAM_FLAGS.map(completed),
  }
}

/** First words of two-word commands, each once, with their second words. */
export function groupsOf({
  commands,
}: Completion): ReadonlyMap<string, readonly CompletedCommand[]> {
  const groups = new Map<string, CompletedCommand[]>()
  for (const command of commands) {
    const [first = '', second] = command.name.split(' ')
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), command])
  }
  return groups
}

/** What the first argument may be: commands of one word, and groups. */
export function firstWordsOf(
  completion: Completion,
): readonly { readonly word: string; readonly summary: string }[] {
  const groups = groupsOf(completion)
  const words = new Map(
    completion.commands.map(({ name, summary }) => {
      const [first = ''] = name.split(' ')
      const group = groups.get(first)?.map((entry) => entry.name.slice(first.length + 1))
      return [first, group ? group.join(', ') : summary]
    }),
  )
  return [...words].map(([word, summary]) => ({ word, summary }))
}

function completed({ name, short, value, repeatable, choices, help }: Flag): CompletedFlag {
  return {
    name,
    ...(short !== undefined && { short }),
    value: value ?? '',
    kind: kindOf(value, choices),
    choices: choices ?? [],
    repeatable: repeatable ?? false,
    help,
  }
}

function kindOf(value: string | undefined, choices: readonly string[] | undefined): ValueKind {
  if (value === undefined) return 'none'
  if (choices) return 'choices'
  if (value === 'FILE') return 'file'
  return value === 'DIR' || value === 'FOLDER' ? 'folder' : 'text'
}

/** `get|store` in a usage line: placeholders are in capitals, words are not. */
function wordsOf(usage: string): readonly string[] {
  const choice = usage.split(' ').find((part) => /^[a-z]+(\|[a-z]+)+$/.test(part))
  return choice?.split('|') ?? []
}
