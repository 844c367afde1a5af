import {
  BUILT,
  BUILTINS,
  CONFINED,
  FORBIDDEN_GLOBALS,
  HEAVY,
  LEFT_OUT,
  LIGHT,
  ROOMS,
  type Room,
} from './boundary-table.js'
import { globalsOf } from './globals.js'
import { type ImportEdge, importsOf, parse, resolveImport, type Target } from './imports.js'
import type { Problem } from './problem.js'
import type { Tree } from './tree.js'

interface Resolved extends ImportEdge {
  readonly target: Target
}
type Graph = ReadonlyMap<string, readonly Resolved[]>

/** Rules on imports: the direction between rooms, packages in their place, no cycles, a light start. */
export function checkBoundaries(tree: Tree): Problem[] {
  const problems: Problem[] = []
  const graph = new Map<string, readonly Resolved[]>()
  for (const [file, text] of tree) {
    if (!/\.[cm]?ts$/.test(file) || file.startsWith('test/fixtures/')) continue
    const room = roomOf(file)
    if (!room) {
      problems.push({ file, message: 'lies in no known room: add it to tools/boundary-table.ts' })
      continue
    }
    const source = parse(file, text)
    const edges = importsOf(source).map((edge) => ({ ...edge, target: targetOf(file, edge, tree) }))
    graph.set(file, edges)
    for (const edge of edges) {
      const fault = faultOf(file, room, edge)
      if (fault) problems.push({ file, line: edge.line, message: fault })
    }
    const forbidden: readonly string[] = FORBIDDEN_GLOBALS[room.globals]
    for (const { line, name } of globalsOf(source)) {
      if (forbidden.some((entry) => name === entry || name.startsWith(`${entry}.`))) {
        problems.push({ file, line, message: `uses ${name}: ${room.name} may not` })
      }
    }
  }
  return [
    ...problems,
    ...cycles(graph),
    ...LIGHT.flatMap((file) => heavyPaths(graph, file)),
    ...Object.entries(LEFT_OUT).flatMap(([file, rooms]) => strangers(graph, file, rooms)),
  ]
}

/** The row of the table that fits a file best, the longest path first. */
function roomOf(file: string): Room | undefined {
  const fits = ({ path }: Room): boolean => {
    if (path.endsWith('/*')) return file.startsWith(path.slice(0, -1)) && isDirect(path, file)
    return path.endsWith('/') ? file.startsWith(path) : file === path
  }
  return ROOMS.filter(fits).sort((a, b) => b.path.length - a.path.length)[0]
}

const isDirect = (path: string, file: string): boolean => !file.slice(path.length - 1).includes('/')

function targetOf(file: string, { specifier }: ImportEdge, tree: Tree): Target {
  return specifier === undefined ? { kind: 'missing' } : resolveImport(file, specifier, tree)
}

function faultOf(file: string, room: Room, { specifier, target }: Resolved): string | undefined {
  if (specifier === undefined) {
    if (room.rooms === 'any' || room.name === 'tools') return undefined
    return 'imports a computed name: write it out, so that it is checked'
  }
  switch (target.kind) {
    case 'missing':
      return BUILT[file]?.includes(specifier) ? undefined : `imports ${specifier}: no such file`
    case 'builtin': {
      const allowed = allowsBuiltin(room, target.name)
      return allowed
        ? undefined
        : `imports ${target.name}: ${room.name} may not import ${target.name}`
    }
    case 'package': {
      const { name } = target
      if (room.packages !== 'any' && !room.packages.includes(name)) {
        return `imports ${specifier}: ${room.name} may not import ${name}`
      }
      const place = CONFINED.find((entry) => entry.package === name)
      if (!place || room.packages === 'any' || place.files.test(file)) return undefined
      return `imports ${specifier}: ${name} stays in files like ${place.files.source}`
    }
    case 'file': {
      const other = roomOf(target.path)
      if (!other || other === room || room.rooms === 'any') return undefined
      if ([other.path, target.path].some((path) => room.rooms.includes(path))) return undefined
      return `imports ${target.path}: ${room.name} may not import ${other.path}`
    }
  }
}

function allowsBuiltin(room: Room, name: string): boolean {
  const rule = BUILTINS[room.builtins]
  const listed = (list: readonly string[]): boolean =>
    list.some((entry) => name === entry || name.startsWith(`${entry}/`))
  return 'only' in rule ? listed(rule.only) : !listed(rule.except)
}

/** Cycles over everything but `import()`, which is how a table names commands that read the table. */
function cycles(graph: Graph): Problem[] {
  const problems: Problem[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      const round = [...path.slice(start), file].join(' -> ')
      problems.push({ file, message: `is part of an import cycle: ${round}` })
      return
    }
    if (done.has(file)) return
    for (const { kind, target } of graph.get(file) ?? []) {
      if (kind !== 'dynamic' && target.kind === 'file') visit(target.path, [...path, file])
    }
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return problems
}

/** Packages that `from` loads at once although it should not, with the way there. */
function heavyPaths(graph: Graph, from: string): Problem[] {
  const atOnce = ({ kind }: Resolved): boolean => kind === 'static'
  return [...importsFrom(graph, from, atOnce)].flatMap(({ way, target }) => {
    if (target.kind !== 'package' || !HEAVY.includes(target.name)) return []
    const message = `loads ${target.name} at start-up: ${way.join(' -> ')}: use import()`
    return [{ file: from, message }]
  })
}

/** Files of other rooms that the bundle of `from` would hold, with the way there. */
function strangers(graph: Graph, from: string, rooms: readonly string[]): Problem[] {
  const bundled = ({ kind }: Resolved): boolean => kind !== 'type'
  return [...importsFrom(graph, from, bundled)].flatMap(({ way, target }) => {
    if (target.kind !== 'file') return []
    const room = rooms.find((path) => target.path.startsWith(path))
    // What a room imports of its own is no news.
    if (room === undefined || way.at(-1)?.startsWith(room)) return []
    const message = `has ${room} in its bundle: ${[...way, target.path].join(' -> ')}`
    return [{ file: from, message }]
  })
}

/** Everything that is imported from a file on, with the way to the import; each file is read once. */
function* importsFrom(
  graph: Graph,
  from: string,
  counts: (edge: Resolved) => boolean,
): Generator<{ readonly way: readonly string[]; readonly target: Target }> {
  const seen = new Set([from])
  const ways: (readonly string[])[] = [[from]]
  for (const way of ways) {
    for (const edge of (graph.get(way.at(-1) ?? '') ?? []).filter(counts)) {
      const { target } = edge
      yield { way, target }
      if (target.kind !== 'file' || seen.has(target.path)) continue
      seen.add(target.path)
      ways.push([...way, target.path])
    }
  }
}
