import { codeOf } from '../markdown.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'

/** Flags of each command by its words (`pki issue`); those of every command under the empty name. */
export type CommandFlags = ReadonlyMap<string, ReadonlySet<string>>

/** Documents about the program itself; elsewhere a flag on its own may belong to something else. */
const OURS = /^(docs\/.*|[^/]*)\.md$/

/** Commands and flags in Markdown documents that the program does not have. */
export function checkFlags(tree: Tree, commands: CommandFlags): Problem[] {
  const problems: Problem[] = []
  for (const [file, text] of tree) {
    if (!file.endsWith('.md') || file.startsWith('test/fixtures/')) continue
    for (const piece of codeOf(text)) {
      for (const message of faultsOf(piece.text, !piece.fenced && OURS.test(file), commands)) {
        problems.push({ file, line: piece.line, message })
      }
    }
  }
  return problems
}

function faultsOf(code: string, alone: boolean, commands: CommandFlags): string[] {
  const words = code.split(/\s+/).map((word) => word.replace(/^["'[(]+|["',;)\]]+$/g, ''))
  const faults: string[] = []
  for (const [index, word] of words.entries()) {
    // `aws rolesanywhere …` is the AWS CLI's own command.
    if (/(^|\/)rolesanywhere$/.test(word) && !words.slice(0, index).includes('aws')) {
      faults.push(...faultsOfCall(words.slice(index + 1), commands))
    }
  }
  const [first = ''] = words
  if (!alone || !first.startsWith('--') || first === '--') return faults
  // A flag named in passing: some command must have it.
  const name = nameOf(first)
  const known = [...commands.values()].some((flags) => flags.has(name))
  return known ? faults : [...faults, `names the flag --${name}, which no command has`]
}

function faultsOfCall(rest: readonly string[], commands: CommandFlags): string[] {
  const end = rest.findIndex((word) => /^([|;&<>#].*|--|\d>.*)$/.test(word))
  const words = end < 0 ? rest : rest.slice(0, end)
  const [first] = words
  if (first === undefined || !/^[a-z-]/.test(first)) return []
  const command = first.startsWith('-')
    ? ''
    : [words.slice(0, 2).join(' '), first].find((name) => commands.has(name))
  if (command === undefined) {
    const group = [...commands.keys()].some((name) => name.startsWith(`${first} `))
    const second = words[1] ?? ''
    // `ecr …` and `pki init|issue` speak of a whole group.
    if (group && !/^[a-z-]+$/.test(second)) return []
    return [`names the command ${group ? `${first} ${second}` : first}, which does not exist`]
  }
  return words
    .filter((word) => /^--[a-z]/.test(word))
    .map(nameOf)
    .filter((name) => !commands.get(command)?.has(name) && !commands.get('')?.has(name))
    .map((name) => `names the flag --${name}, which ${command || 'the program'} does not have`)
}

const nameOf = (word: string): string => /^--([a-z0-9-]*)/.exec(word)?.[1] ?? ''
