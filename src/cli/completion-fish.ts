import { type CompletedFlag, type Completion, firstWordsOf, groupsOf } from './completion-model.js'

/** Completion for fish 3. */
export function fishCompletion(completion: Completion): string {
  const offer = (condition: string, rest: string): string =>
    `complete -c rolesanywhere -n ${quoted(condition)} ${rest}`
  const first = firstWordsOf(completion).map(({ word, summary }) =>
    offer('__rolesanywhere_at 1', `-a ${quoted(word)} -d ${quoted(summary)}`),
  )
  const groups = [...groupsOf(completion)].flatMap(([group, commands]) =>
    commands.map(({ name, summary }) => {
      const word = name.slice(group.length + 1)
      const condition = `__rolesanywhere_at 2; and __rolesanywhere_in ${group}`
      return offer(condition, `-a ${quoted(word)} -d ${quoted(summary)}`)
    }),
  )
  const own = completion.commands.flatMap(({ name, flags, words }) => {
    const condition = `__rolesanywhere_in ${quoted(name)}`
    const argument = words.length > 0 ? [offer(condition, `-a ${quoted(words.join(' '))}`)] : []
    return [...argument, ...flags.map((flag) => offer(condition, optionOf(flag)))]
  })
  const workloadCommands = completion.commands.filter(({ takesWorkload }) => takesWorkload)
  const isWorkload = `__rolesanywhere_in ${workloadCommands.map(({ name }) => quoted(name)).join(' ')}`
  return `# Completion of rolesanywhere for fish, made by: rolesanywhere completion fish

# Whether so many words stand before the one that is completed.
function __rolesanywhere_at
    test (count (commandline -opc)) -eq $argv[1]
end

# Whether the command is one of these.
function __rolesanywhere_in
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv; and return
    test (count $words) -gt 2; and contains -- "$words[2] $words[3]" $argv
end

complete -c rolesanywhere -f
${[...first, ...groups, ...own].join('\n')}
${completion.workloadFlags.map((flag) => offer(isWorkload, optionOf(flag))).join('\n')}
${completion.programFlags.map((flag) => `complete -c rolesanywhere ${optionOf(flag)}`).join('\n')}
`
}

function optionOf({ name, short, kind, choices, help }: CompletedFlag): string {
  const names = [...(short === undefined ? [] : [`-s ${short}`]), `-l ${name}`].join(' ')
  const value = {
    none: '',
    file: ' -r -F',
    folder: ` -x -a '(__fish_complete_directories)'`,
    choices: ` -x -a ${quoted(choices.join(' '))}`,
    text: ' -x',
  }[kind]
  return `${names}${value} -d ${quoted(help)}`
}

/** In single quotes, fish knows two escapes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`
