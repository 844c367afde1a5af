import ts from 'typescript'
import { lineOf } from './imports.js'

/** Globals through which time, chance and the surrounding world come in. */
const WATCHED = new Set([
  'AbortSignal',
  'Date',
  'Math',
  'console',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

/** One use of a watched global. */
export interface GlobalUse {
  readonly line: number
  /** As far as it matters: `process.env`, `Date.now`, `new Date()` without argument, `setTimeout`. */
  readonly name: string
}

/**
 * Where a file uses a watched global as a value. A file that declares the name itself, as a
 * parameter for example, means its own.
 */
export function globalsOf(source: ts.SourceFile): GlobalUse[] {
  const own = declaredNames(source)
  const uses: GlobalUse[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && WATCHED.has(node.text) && !own.has(node.text) && isValue(node)) {
      uses.push({ line: lineOf(source, node), name: useName(node) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return uses
}

function declaredNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const named =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node)
    if (named && node.name && ts.isIdentifier(node.name)) names.add(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names
}

/** Whether the identifier is read, and is not the name of a property, a member or a type. */
function isValue(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isTypeQueryNode(parent)) return true
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent)) return false
  // `{ setTimeout }` reads the global; every other declaration gives a name to something else.
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return !('name' in parent && parent.name === node) && !ts.isBindingElement(parent)
}

function useName(node: ts.Identifier): string {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return `${node.text}.${parent.name.text}`
  if (ts.isNewExpression(parent) && parent.expression === node) {
    return (parent.arguments ?? []).length === 0 ? `new ${node.text}()` : `new ${node.text}`
  }
  // `Date()` reads the clock; `Date` alone, as in `instanceof Date`, does not.
  const called = ts.isCallExpression(parent) && parent.expression === node
  return called && node.text === 'Date' ? 'Date()' : node.text
}
