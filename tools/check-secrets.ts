import ts from 'typescript'
import { lineOf, parse } from './imports.js'
import type { Problem } from './problem.js'
import { lineAt, type Tree } from './tree.js'

/** Where the pinned list lies. */
const PINNED_IN = 'tools/reveal-sites.json'

/** How often a file lets a secret out of its type, and why it must. */
interface Pin {
  readonly count: number
  readonly why: string
}

/** Rules on secrets: where one leaves its type, and that none lies in the repository. */
export function checkSecrets(tree: Tree): Problem[] {
  return [...checkReveals(tree), ...checkKeys(tree)]
}

function checkReveals(tree: Tree): Problem[] {
  const pins = readPins(tree.get(PINNED_IN))
  if (!pins) {
    return [{ file: PINNED_IN, message: 'is not an object of { "count": number, "why": string }' }]
  }
  const problems: Problem[] = []
  const sites = new Map<string, readonly number[]>()
  for (const [file, text] of tree) {
    if (!/^(src|sidecar|examples|bench)\/.*\.ts$/.test(file)) continue
    const lines = revealsOf(file, text)
    if (lines.length > 0) sites.set(file, lines)
  }
  for (const [file, lines] of sites) {
    const expected = pins.get(file)?.count ?? 0
    if (lines.length === expected) continue
    const found = `reveals a secret ${lines.length} times, on lines ${lines.join(', ')}`
    problems.push({ file, message: `${found}: ${PINNED_IN} says ${expected}` })
  }
  for (const file of pins.keys()) {
    if (!sites.has(file)) {
      problems.push({ file: PINNED_IN, message: `lists ${file}, which reveals nothing` })
    }
  }
  return problems
}

function readPins(text: string | undefined): ReadonlyMap<string, Pin> | undefined {
  try {
    const entries = Object.entries(JSON.parse(text ?? '') as Record<string, unknown>)
    const pins = entries.filter((entry): entry is [string, Pin] => isPin(entry[1]))
    return pins.length === entries.length ? new Map(pins) : undefined
  } catch {
    // Not JSON: the caller says what the file must be.
    return undefined
  }
}

const isPin = (value: unknown): boolean => {
  const { count, why } = (value ?? {}) as Record<string, unknown>
  return typeof count === 'number' && typeof why === 'string' && why.trim() !== ''
}

/** Lines on which `reveal` is called, or taken to be called later. */
function revealsOf(file: string, text: string): number[] {
  const source = parse(file, text)
  const lines: number[] = []
  const visit = (node: ts.Node): void => {
    const dotted = ts.isPropertyAccessExpression(node) && node.name.text === 'reveal'
    const quoted =
      ts.isElementAccessExpression(node) &&
      ts.isStringLiteralLike(node.argumentExpression) &&
      node.argumentExpression.text === 'reveal'
    const unpacked =
      ts.isBindingElement(node) && (node.propertyName ?? node.name).getText(source) === 'reveal'
    if (dotted || quoted || unpacked) lines.push(lineOf(source, node))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return lines
}

const KEYS = [
  {
    // With base64 below it: the header alone, as in a parser or a document, is no key.
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----(\\n|\r?\n)(\S*: .*(\\n|\r?\n))*\s*[\w+/=]{40}/g,
    what: 'a private key',
  },
  { pattern: /\b(AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b/g, what: 'an access key id' },
]

/** Keys outside the folders whose keys are known to everyone. */
function checkKeys(tree: Tree): Problem[] {
  return [...tree]
    .filter(([file]) => !/^(certs|test\/fixtures)\//.test(file))
    .flatMap(([file, text]) =>
      KEYS.flatMap(({ pattern, what }) =>
        [...text.matchAll(pattern)].map(({ index }) => ({
          file,
          line: lineAt(text, index),
          message: `holds ${what}: only certs/ and test/fixtures/ may`,
        })),
      ),
    )
}
