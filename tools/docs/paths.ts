import { codeOf } from '../markdown.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'

/** What was true of a version stays in the list of changes. */
const SKIPPED = /^(test\/fixtures\/|CHANGELOG\.md$)/

/** A path from the root of the repository. What comes before must not make it part of another one. */
const PATH =
  /(?<![\w./@$}-])(?:src|sidecar|docs|test|tools|bench|certs|examples)\/[\w./@*{},…-]*[\w/]/g

/** Files and folders of this repository, and scripts of its packages, that documents name and that are not there. */
export function checkPaths(tree: Tree): Problem[] {
  const scripts = scriptsOf(tree)
  const problems: Problem[] = []
  for (const [file, markdown] of tree) {
    if (!file.endsWith('.md') || SKIPPED.test(file)) continue
    for (const { line, text } of codeOf(markdown)) {
      for (const [path] of text.matchAll(PATH)) {
        if (!exists(path, tree))
          problems.push({ file, line, message: `names ${path}: no such file` })
      }
      for (const [, name = ''] of text.matchAll(/\bnpm run (?:--?[\w-]+ )*([\w:-]+)/g)) {
        if (!scripts.has(name)) {
          problems.push({ file, line, message: `runs npm run ${name}, which no package has` })
        }
      }
    }
  }
  return problems
}

/** Whether it is there, or is no path of one thing: a pattern, a name in capitals, something that is built. */
function exists(path: string, tree: Tree): boolean {
  if (/[*{}…]|\/[A-Z]+\b|\/(dist|node_modules|out)(\/|$)/.test(path)) return true
  const folder = `${path.replace(/\/$/, '')}/`
  return tree.has(path) || [...tree.keys()].some((file) => file.startsWith(folder))
}

function scriptsOf(tree: Tree): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [file, text] of tree) {
    if (!/(^|\/)package\.json$/.test(file)) continue
    const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> }
    for (const name of Object.keys(scripts)) names.add(name)
  }
  return names
}
