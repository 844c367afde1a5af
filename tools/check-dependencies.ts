import { importsOf, parse, resolveImport } from './imports.js'
import { codeOf } from './markdown.js'
import type { Problem } from './problem.js'
import type { Tree } from './tree.js'

/** Where each run-time dependency is accounted for. */
const EXPLAINED_IN = 'docs/dependencies.md'

/** Rules on packages: each is used, declared and explained, and the lock file names no host. */
export function checkDependencies(tree: Tree): Problem[] {
  const { dependencies, optionalDependencies } = readObject(tree, 'package.json')
  const declared = new Set(Object.keys({ ...dependencies, ...optionalDependencies }))
  const problems: Problem[] = []
  const used = new Set<string>()
  for (const [file, text] of tree) {
    if (!/^(src|sidecar)\/.*\.ts$/.test(file)) continue
    for (const { line, specifier } of importsOf(parse(file, text))) {
      const target = specifier === undefined ? undefined : resolveImport(file, specifier, tree)
      if (target?.kind !== 'package') continue
      used.add(target.name)
      if (!declared.has(target.name)) {
        const message = `imports ${target.name}, which is not in "dependencies" of package.json`
        problems.push({ file, line, message })
      }
    }
  }
  const explained = explainedPackages(tree.get(EXPLAINED_IN) ?? '')
  for (const name of declared) {
    if (!used.has(name)) {
      problems.push({ file: 'package.json', message: `depends on ${name}, which nothing imports` })
    }
    if (!explained.has(name)) {
      problems.push({ file: EXPLAINED_IN, message: `has no row for ${name}` })
    }
  }
  for (const name of explained) {
    if (!declared.has(name)) {
      problems.push({ file: EXPLAINED_IN, message: `explains ${name}, which is no dependency` })
    }
  }
  return [...problems, ...checkLock(tree)]
}

/** Packages that start a row of the table under the heading "Run-time dependencies". */
function explainedPackages(markdown: string): ReadonlySet<string> {
  const section =
    /^## Run-time dependencies$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown)?.[1] ?? ''
  const rows = section.split('\n').filter((line) => /^\| *`/.test(line))
  return new Set(rows.flatMap((row) => codeOf(row).slice(0, 1)).map(({ text }) => text))
}

/** An address in the lock file would send every user to the host that its author happened to use. */
function checkLock(tree: Tree): Problem[] {
  const file = 'package-lock.json'
  return Object.entries(readObject(tree, file)['packages'] ?? {}).flatMap(([path, entry]) => {
    const { resolved, link } = (entry ?? {}) as Record<string, unknown>
    if (resolved === undefined || link === true) return []
    return [{ file, message: `holds a download address for ${path}` }]
  })
}

function readObject(tree: Tree, file: string): Record<string, Record<string, unknown>> {
  return JSON.parse(tree.get(file) ?? '{}') as Record<string, Record<string, unknown>>
}
