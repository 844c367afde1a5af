import ts from 'typescript'

/** One name that a file exports. */
export interface ExportedName {
  readonly name: string
  /** Whether it exists at run time; interfaces, type aliases and `export type` do not. */
  readonly kind: 'value' | 'type'
  /** Where it is declared; `undefined` for a name passed on from another file. */
  readonly declaration: ts.Node | undefined
}

/** The exported names of one file, in order of appearance. Overloads count once, by the first. */
export function exportsOf(source: ts.SourceFile): ExportedName[] {
  const local = new Map<string, ExportedName>()
  const exported: ExportedName[] = []
  for (const statement of source.statements) {
    for (const entry of declarationsOf(statement)) {
      if (local.has(entry.name)) continue
      local.set(entry.name, entry)
      if (isExported(statement)) exported.push(entry)
    }
  }
  for (const statement of source.statements) {
    if (ts.isExportAssignment(statement)) {
      exported.push({ name: 'default', kind: 'value', declaration: statement })
    }
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) continue
    const clause = statement.exportClause
    if (!ts.isNamedExports(clause)) {
      exported.push({ name: clause.name.text, kind: 'value', declaration: undefined })
      continue
    }
    for (const specifier of clause.elements) {
      const origin = statement.moduleSpecifier
        ? undefined
        : local.get((specifier.propertyName ?? specifier.name).text)
      const erased = statement.isTypeOnly || specifier.isTypeOnly || origin?.kind === 'type'
      const kind = erased ? 'type' : 'value'
      exported.push({ name: specifier.name.text, kind, declaration: origin?.declaration })
    }
  }
  return exported
}

function declarationsOf(statement: ts.Statement): ExportedName[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap((declaration): ExportedName[] => {
      if (!ts.isIdentifier(declaration.name)) return []
      // The comment stands before `export const`, not before the name.
      return [{ name: declaration.name.text, kind: 'value', declaration: statement }]
    })
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    const name = hasModifier(statement, ts.SyntaxKind.DefaultKeyword)
      ? 'default'
      : statement.name?.text
    return name === undefined ? [] : [{ name, kind: 'value', declaration: statement }]
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
    return [{ name: statement.name.text, kind: 'type', declaration: statement }]
  }
  return []
}

const isExported = (statement: ts.Statement): boolean =>
  hasModifier(statement, ts.SyntaxKind.ExportKeyword)

function hasModifier(statement: ts.Statement, kind: ts.SyntaxKind): boolean {
  if (!ts.canHaveModifiers(statement)) return false
  return ts.getModifiers(statement)?.some((modifier) => modifier.kind === kind) ?? false
}
