import { type CompletedFlag, type Completion, firstWordsOf, groupsOf } from './completion-model.js'

/** Completion for zsh, as a file `_rolesanywhere` in a folder of `fpath`, or sourced. */
export function zshCompletion(completion: Completion): string {
  const groups = [...groupsOf(completion)].map(
    ([group, commands]) => `    ${group})
      if (( CURRENT == 3 )); then
        entries=(
${commands.map(({ name, summary }) => entry(name.slice(group.length + 1), summary)).join('\n')}
        )
        _describe -t commands command entries
        return
      fi
      command="$command $words[3]"
      shift words
      (( CURRENT-- ))
      ;;`,
  )
  const commands = completion.commands.map(({ name, flags, takesWorkload, words }) => {
    const rest = words.length > 0 ? `'1:argument:(${words.join(' ')})'` : `'*:argument:_files'`
    const specs = [...flags.map(spec), rest].map((text) => `        ${text} \\\n`).join('')
    return `    '${name}')
      _arguments -s : \\
${specs}        ${takesWorkload ? '$workload ' : ''}$program
      ;;`
  })
  return `#compdef rolesanywhere
# Completion of rolesanywhere for zsh, made by: rolesanywhere completion zsh

_rolesanywhere() {
  local command
  local -a entries workload program
  workload=(
${completion.workloadFlags.map((flag) => `    ${spec(flag)}`).join('\n')}
  )
  program=(
${completion.programFlags.map((flag) => `    ${spec(flag)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    entries=(
${firstWordsOf(completion)
  .map(({ word, summary }) => entry(word, summary))
  .join('\n')}
    )
    _describe -t commands command entries
    return
  fi
  command=$words[2]
  case $command in
${groups.join('\n')}
  esac
  shift words
  (( CURRENT-- ))
  case $command in
${commands.join('\n')}
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _rolesanywhere "$@"
else
  compdef _rolesanywhere rolesanywhere
fi
`
}

const entry = (word: string, summary: string): string =>
  `          ${quoted(`${word}:${summary.replaceAll(':', String.raw`\:`)}`)}`

/** One argument of \`_arguments\`. */
function spec({ name, kind, choices, value, repeatable, help }: CompletedFlag): string {
  const about = help.replace(/[[\]\\]/g, String.raw`\$&`)
  const start = `${repeatable ? '*' : ''}--${name}`
  if (kind === 'none') return quoted(`${start}[${about}]`)
  const label = value.replaceAll(':', String.raw`\:`)
  const action = {
    file: '_files',
    folder: '_files -/',
    choices: `(${choices.join(' ')})`,
    text: ' ',
  }[kind]
  return quoted(`${start}=[${about}]:${label}:${action}`)
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
