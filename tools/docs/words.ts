import type { Problem } from '../problem.js'
import { lineAt, type Tree } from '../tree.js'

/** What does not belong into a repository that strangers read. */
const FORBIDDEN: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  {
    pattern: /registry\.npmjs|registry\.yarnpkg|npm\.pkg\.github/g,
    why: "the host of a package registry: each user's own setting decides that",
  },
  {
    pattern: /(?<![\w.}$])\/(home|Users|work|workspace)\/\w/g,
    why: "a path of one person's machine",
  },
  { pattern: /\b(TODO|FIXME)\b(?! ?\(#\d+\))/g, why: 'a task without the number of its issue' },
]

/** Recorded data, and the two places that must spell the words out. */
const SKIPPED = /^(test\/(fixtures|unit\/tools)\/|tools\/docs\/words\.ts$|package-lock\.json$)/

/** Words that the project does not use. */
export function checkWords(tree: Tree): Problem[] {
  const problems: Problem[] = []
  for (const [file, text] of tree) {
    if (SKIPPED.test(file)) continue
    for (const { pattern, why } of FORBIDDEN) {
      for (const { 0: word, index } of text.matchAll(pattern)) {
        problems.push({ file, line: lineAt(text, index), message: `says "${word}": ${why}` })
      }
    }
  }
  return problems
}
