import { checkBlocks } from './docs/blocks.js'
import { checkCodes } from './docs/codes.js'
import { checkCommandLines, type FaultOfArguments } from './docs/command-lines.js'
import { checkComments } from './docs/comments.js'
import { checkFlags, type CommandFlags } from './docs/flags.js'
import { checkLinks } from './docs/links.js'
import { checkPaths } from './docs/paths.js'
import { checkWords } from './docs/words.js'
import type { Problem } from './problem.js'
import type { Tree } from './tree.js'

/** What the code knows and the documents must agree with. */
export interface Facts {
  readonly codes: readonly string[]
  readonly commands: CommandFlags
  /** Judges the arguments of calls in code blocks. */
  readonly faultOfArguments: FaultOfArguments
}

/** Rules on what people read: doc comments, error codes, links, commands, blocks, paths and words. */
export function checkDocs(tree: Tree, facts: Facts): Problem[] {
  return [
    ...checkComments(tree),
    ...checkCodes(tree, facts.codes),
    ...checkLinks(tree),
    ...checkFlags(tree, facts.commands),
    ...checkCommandLines(tree, facts.faultOfArguments),
    ...checkBlocks(tree),
    ...checkPaths(tree),
    ...checkWords(tree),
  ]
}
