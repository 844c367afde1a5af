import { withSettingsTable } from '../settings-table.js'
import type { Problem } from '../problem.js'
import { lineAt, type Tree } from '../tree.js'
import { referencePage } from './markdown.js'
import { type Reference } from './reference.js'
import { manualPage } from './roff.js'

/** Every file that `npm run docs` writes, by path, with what it has to hold. */
export function generatedFiles(reference: Reference, readme: string): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', withSettingsTable(readme)],
    ['docs/reference.md', referencePage(reference)],
    ['man/rolesanywhere.1', manualPage(reference)],
  ])
}

/** Generated files that are not what they would be if they were made now. */
export function checkGenerated(tree: Tree, files: ReadonlyMap<string, string>): Problem[] {
  return [...files].flatMap(([file, wanted]) => {
    const found = tree.get(file)
    if (found === wanted) return []
    return [{ file, message: 'is not up to date: run `npm run docs`' }]
  })
}

/** Rooms that look at variables of other programs, or are programs of their own. */
const OTHER_ROOMS = /^src\/(doctor|emulator)\//

/** Environment variables that the code reads and that the reference does not tell of. */
export function checkVariables(tree: Tree, { variables }: Reference): Problem[] {
  const known = new Set(variables.map(([name]) => name))
  const problems: Problem[] = []
  for (const [file, text] of tree) {
    if (!/^(src|sidecar)\/.*\.ts$/.test(file) || OTHER_ROOMS.test(file)) continue
    for (const match of text.matchAll(
      /\benv\['([A-Z][A-Z0-9_]+)'\]|'(ROLESANYWHERE_[A-Z0-9_]+)'/g,
    )) {
      const name = match[1] ?? match[2] ?? ''
      if (known.has(name)) continue
      const message = `reads ${name}, which the reference lacks: add it to tools/reference/environment.ts`
      problems.push({ file, line: lineAt(text, match.index), message })
    }
  }
  return problems
}
