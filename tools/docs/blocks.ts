import ts from 'typescript'
import { parseAllDocuments } from 'yaml'
import { blocksOf } from '../markdown.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'

/** Blocks of JSON, YAML, TypeScript and Mermaid in Markdown documents that nothing could read. */
export function checkBlocks(tree: Tree): Problem[] {
  const problems: Problem[] = []
  for (const [file, markdown] of tree) {
    if (!file.endsWith('.md') || file.startsWith('test/fixtures/')) continue
    for (const { line, language, text } of blocksOf(markdown)) {
      const fault = READERS[language]?.(text)
      if (fault !== undefined) {
        problems.push({
          file,
          line,
          message: `is a block of ${language} that cannot be read: ${fault}`,
        })
      }
    }
  }
  return problems
}

const READERS: Readonly<Partial<Record<string, (text: string) => string | undefined>>> = {
  json: faultOfJson,
  yaml: faultOfYaml,
  yml: faultOfYaml,
  ts: faultOfTypeScript,
  mermaid: faultOfMermaid,
}

/** One document, or one on each line as in a log. */
function faultOfJson(text: string): string | undefined {
  const fault = faultOf(text)
  if (fault === undefined) return undefined
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.every((line) => faultOf(line) === undefined) ? undefined : fault
}

function faultOf(json: string): string | undefined {
  try {
    JSON.parse(json)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function faultOfYaml(text: string): string | undefined {
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors
    if (error) return error.message.split('\n', 1)[0]
  }
  return undefined
}

/** Its syntax: what it speaks of is declared elsewhere. */
function faultOfTypeScript(text: string): string | undefined {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  const [first] = diagnostics
  return first && ts.flattenDiagnosticMessageText(first.messageText, ' ')
}

/** Mistakes after which a page shows an error in place of the diagram. */
function faultOfMermaid(text: string): string | undefined {
  if (!/^(flowchart|sequenceDiagram|stateDiagram-v2)\b/.test(text)) return 'no kind of diagram'
  return text.includes(';') ? 'a semicolon ends a statement, also within a text' : undefined
}
