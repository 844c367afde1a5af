import { posix } from 'node:path'
import ts from 'typescript'
import type { Tree } from './tree.js'

/** One place where a file names another module. */
export interface ImportEdge {
  readonly line: number
  /** As written; `undefined` when it is computed and nobody can tell what it names. */
  readonly specifier: string | undefined
  /**
   * When the module is loaded: with the file (`static`), when the line runs (`dynamic`), or never,
   * because the compiler erases the import (`type`).
   */
  readonly kind: 'static' | 'dynamic' | 'type'
}

/** Parses one TypeScript file, without looking at any other. */
export function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

/** Line of a node, counted from 1, leading comments left out. */
export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}

/** Every import of a file: of values and of types, re-exports, `import()`, `import('x').T`, `require()`. */
export function importsOf(source: ts.SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = []
  const add = (node: ts.Node, named: ts.Node | undefined, kind: ImportEdge['kind']): void => {
    // `import('name' as string)` is how an optional package is kept from the compiler.
    const plain = named && ts.isAsExpression(named) ? named.expression : named
    const specifier = plain && ts.isStringLiteralLike(plain) ? plain.text : undefined
    edges.push({ line: lineOf(source, node), specifier, kind })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, kindOf(node.importClause))
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier)
      add(node, node.moduleSpecifier, node.isTypeOnly ? 'type' : 'static')
    else if (ts.isExternalModuleReference(node)) add(node, node.expression, 'static')
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, 'type')
    else if (ts.isCallExpression(node) && loadsModule(node.expression))
      add(node, node.arguments[0], 'dynamic')
    ts.forEachChild(node, visit)
  }
  visit(source)
  return edges
}

/** `import { type A }` still loads the module under `verbatimModuleSyntax`; `import type` does not. */
const kindOf = (clause: ts.ImportClause | undefined): ImportEdge['kind'] =>
  clause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'static'

const loadsModule = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(callee) && callee.text === 'require')

/** What a specifier names: a file of the tree, a module of Node, an npm package, or nothing. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string }
  | { readonly kind: 'missing' }

/** Resolves as NodeNext does for this project: relative specifiers end in `.js` and name a `.ts` file. */
export function resolveImport(from: string, specifier: string, tree: Tree): Target {
  if (specifier.startsWith('node:')) return { kind: 'builtin', name: specifier }
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1)
    return { kind: 'package', name: parts.join('/') }
  }
  const named = posix.join(posix.dirname(from), specifier)
  const path = [named.replace(/\.js$/, '.ts'), named].find((candidate) => tree.has(candidate))
  return path === undefined ? { kind: 'missing' } : { kind: 'file', path }
}
