import { codeOf } from '../markdown.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'
import { commandsOf } from './shell-words.js'

/** Says what is wrong with the arguments of a call of the program, if anything is. */
export type FaultOfArguments = (args: readonly string[]) => string | undefined

/** The reference has usage lines, which are no calls, and is generated besides. */
const SKIPPED = /^(test\/fixtures\/|docs\/reference\.md$)/

/** Calls of the program in code blocks of Markdown documents that the program would refuse. */
export function checkCommandLines(tree: Tree, faultOf: FaultOfArguments): Problem[] {
  const problems: Problem[] = []
  for (const [file, markdown] of tree) {
    if (!file.endsWith('.md') || SKIPPED.test(file)) continue
    for (const { line, text, fenced } of codeOf(markdown)) {
      if (!fenced) continue
      for (const args of callsOf(text)) {
        const fault = faultOf(args)
        if (fault !== undefined) {
          problems.push({ file, line, message: `calls rolesanywhere ${args.join(' ')}: ${fault}` })
        }
      }
    }
  }
  return problems
}

/** Arguments of each call of the program in one line of a block. */
function callsOf(line: string): string[][] {
  // `$ ` is a prompt; `credential_process = …` a line of the AWS config file.
  const shell = line.replace(/^\$ +/, '').replace(/^credential_process *= */, '')
  return commandsOf(shell).flatMap((words) => {
    const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && !PREFIXES.has(word))
    if (!/(^|\/)rolesanywhere$/.test(words[first] ?? '')) return []
    // `serve … --imds` leaves something out, and `--role-arn …` a value.
    const args = words
      .slice(first + 1)
      .filter((word, at, all) => word !== '…' || /^--\w/.test(all[at - 1] ?? ''))
    return args.length === 0 || args.some((word) => word.startsWith('[')) ? [] : [args]
  })
}

/** Words that run the command that follows them. */
const PREFIXES = new Set(['exec', 'sudo', 'time', 'export', 'if', 'until', 'then', 'do', '!'])
