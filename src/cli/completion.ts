import { COMMANDS } from '../commands.js'
import { RolesAnywhereError } from '../errors.js'
import type { Command } from './command.js'
import { bashCompletion } from './completion-bash.js'
import { fishCompletion } from './completion-fish.js'
import { type Completion, completionOf } from './completion-model.js'
import { zshCompletion } from './completion-zsh.js'

const SHELLS: Readonly<Record<string, (completion: Completion) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** Prints a script that has a shell complete commands, flags and their values. */
export const completionCommand: Command = {
  usage: 'completion bash|zsh|fish',
  summary: 'Print the completion script for a shell',
  description: `To install it for good:

  bash   rolesanywhere completion bash > ~/.local/share/bash-completion/completions/rolesanywhere
  zsh    rolesanywhere completion zsh > "\${fpath[1]}/_rolesanywhere"
  fish   rolesanywhere completion fish > ~/.config/fish/completions/rolesanywhere.fish

bash without the package bash-completion, for one session or from ~/.bashrc:

  source <(rolesanywhere completion bash)`,
  flags: [],
  example: 'completion bash',
  arguments: { min: 1, max: 1 },
  async run({ positionals: [shell = ''] }, io) {
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
    if (!script) {
      throw new RolesAnywhereError(
        'ERR_RA_ARGUMENT_INVALID',
        'there is no completion for that shell',
        {
          hint: `shells: ${Object.keys(SHELLS).join(', ')}`,
        },
      )
    }
    const loaded = Object.entries(COMMANDS).map(async ([name, { summary, load }]) => ({
      name,
      summary,
      command: await load(),
    }))
    io.stdout(script(completionOf(await Promise.all(loaded))))
    return 0
  },
}
