import ts from 'typescript'
import { exportsOf } from '../exports.js'
import { lineOf, parse } from '../imports.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'

/** Exports of the product without a doc comment that says something, and `@throws` without a class. */
export function checkComments(tree: Tree): Problem[] {
  return [...tree]
    .filter(([file]) => /^(src|sidecar)\/.*\.ts$/.test(file))
    .flatMap(([file, text]) => commentsOf(file, parse(file, text)))
}

function commentsOf(file: string, source: ts.SourceFile): Problem[] {
  const problems: Problem[] = []
  for (const { name, declaration } of exportsOf(source)) {
    // A name that is only passed on is documented where it is declared.
    if (declaration && !isDocumented(declaration)) {
      const message = `exports ${name} without a doc comment`
      problems.push({ file, line: lineOf(source, declaration), message })
    }
  }
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node).filter(ts.isJSDocThrowsTag)) {
      if (tag.parent.parent !== node || /^@throws \{?[A-Z]\w+/.test(tag.getText(source))) continue
      const line = source.getLineAndCharacterOfPosition(tag.getStart(source)).line + 1
      problems.push({ file, line, message: '@throws does not start with the class that is thrown' })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

/** Whether the comment says something before its first tag. */
const isDocumented = (node: ts.Node): boolean =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .some((comment) => /\w/.test(ts.getTextOfJSDocComment(comment.comment) ?? ''))
