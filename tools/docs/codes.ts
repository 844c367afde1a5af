import type { Problem } from '../problem.js'
import { lineAt, type Tree } from '../tree.js'

/** The file that declares the codes. */
const DECLARED_IN = 'src/errors.ts'

/**
 * Error codes in code, comments and documents that do not exist, and codes that nothing throws.
 * `ERR_RA_KEY_*`, or a template that starts so, stands for every code with that beginning.
 */
export function checkCodes(tree: Tree, codes: readonly string[]): Problem[] {
  const problems: Problem[] = []
  const used = new Set<string>()
  for (const [file, text] of tree) {
    if (!/\.(ts|md|ya?ml|json)$/.test(file) || file === DECLARED_IN) continue
    if (/^test\/(fixtures|unit\/tools)\//.test(file)) continue
    for (const match of text.matchAll(/\b(ERR_RA_[A-Z0-9_]*)(\*|\$\{)?/g)) {
      const [written, name = '', open] = match
      const meant = codes.filter((code) => (open ? code.startsWith(name) : code === name))
      // The beginning alone speaks of all codes.
      if (meant.length === 0 && name !== 'ERR_RA_') {
        const message = `names the unknown code ${written.replace('${', '*')}`
        problems.push({ file, line: lineAt(text, match.index), message })
      }
      if (/^(src|sidecar)\//.test(file) && open !== '*') for (const code of meant) used.add(code)
    }
  }
  for (const code of codes.filter((entry) => !used.has(entry))) {
    problems.push({ file: DECLARED_IN, message: `declares ${code}, which nothing throws` })
  }
  return problems
}
