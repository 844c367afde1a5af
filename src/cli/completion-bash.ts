import {
  type CompletedFlag,
  type Completion,
  firstWordsOf,
  groupsOf,
  type ValueKind,
} from './completion-model.js'

/** Completion for bash 3.2 and later; needs no package beside the shell. */
export function bashCompletion(completion: Completion): string {
  const first = [...firstWordsOf(completion).map(({ word }) => word), '--help', '--version']
  const groups = [...groupsOf(completion)].map(
    ([group, commands]) => `    ${group})
      if (( COMP_CWORD == 2 )); then
        _rolesanywhere_words '${commands.map(({ name }) => name.slice(group.length + 1)).join(' ')}'
        return
      fi
      command="$command \${COMP_WORDS[2]}"
      ;;`,
  )
  const commands = completion.commands.map(({ name, flags, takesWorkload, words }) => {
    const all = [...flags, ...(takesWorkload ? completion.workloadFlags : [])]
    return `    '${name}')
      words='${[...words, ...names(all)].join(' ')}'
${valueCases(all)}      ;;`
  })
  return `# Completion of rolesanywhere for bash, made by: rolesanywhere completion bash

_rolesanywhere_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

_rolesanywhere_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$cur"))
}

_rolesanywhere() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" flag="\${COMP_WORDS[COMP_CWORD-1]}" word words= command
  COMPREPLY=()
  # bash splits --flag=value into three words.
  if [[ $cur == '=' ]]; then
    cur=
  elif [[ $flag == '=' ]]; then
    flag="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if (( COMP_CWORD == 1 )); then
    _rolesanywhere_words '${first.join(' ')}'
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == '--' ]]; then
      # What follows is a command of its own.
      if [[ $flag == '--' ]]; then _rolesanywhere_paths -c; else _rolesanywhere_paths -f; fi
      return
    fi
  done
  command="\${COMP_WORDS[1]}"
  case "$command" in
${groups.join('\n')}
  esac
  case "$command" in
${commands.join('\n')}
    *) return ;;
  esac
${valueCases(completion.programFlags, '  ')}  _rolesanywhere_words "$words ${names(completion.programFlags).join(' ')}"
}

complete -F _rolesanywhere rolesanywhere
`
}

const names = (flags: readonly CompletedFlag[]): string[] => flags.map(({ name }) => `--${name}`)

/** What is offered after a flag that takes a value. */
function valueCases(flags: readonly CompletedFlag[], indent = '      '): string {
  const lines = (['file', 'folder', 'text'] as const).flatMap((kind) => {
    const meant = flags.filter((flag) => flag.kind === kind)
    return meant.length === 0 ? [] : [`${patterns(meant)}) ${ACTIONS[kind]}return ;;`]
  })
  const choices = flags
    .filter(({ kind }) => kind === 'choices')
    .map(
      (flag) => `${patterns([flag])}) _rolesanywhere_words '${flag.choices.join(' ')}'; return ;;`,
    )
  const all = [...lines, ...choices].map((line) => `${indent}  ${line}\n`).join('')
  return all === '' ? '' : `${indent}case "$flag" in\n${all}${indent}esac\n`
}

const ACTIONS: Readonly<Record<Exclude<ValueKind, 'none' | 'choices'>, string>> = {
  file: '_rolesanywhere_paths -f; ',
  folder: '_rolesanywhere_paths -d; ',
  text: '',
}

const patterns = (flags: readonly CompletedFlag[]): string =>
  flags
    .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
    .join('|')
