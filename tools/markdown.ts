/** A piece of code in a Markdown document: an inline span, or one command line of a fenced block. */
export interface CodePiece {
  readonly line: number
  readonly text: string
  readonly fenced: boolean
}

/** Code of a document in order, lines of a fenced block joined where they end in a backslash. */
export function codeOf(markdown: string): CodePiece[] {
  const pieces: CodePiece[] = []
  let open: { line: number; text: string } | undefined
  for (const { line, text, fenced } of linesOf(markdown)) {
    if (!fenced) {
      for (const [, , span = ''] of text.matchAll(SPAN)) {
        pieces.push({ line, text: span.trim(), fenced })
      }
      continue
    }
    open = open ? { ...open, text: `${open.text} ${text.trim()}` } : { line, text: text.trim() }
    if (open.text.endsWith('\\')) open = { ...open, text: open.text.slice(0, -1).trim() }
    else {
      pieces.push({ ...open, fenced })
      open = undefined
    }
  }
  return pieces
}

/** Lines of a document with all code blanked out, so that nothing in it reads as a link or heading. */
export function proseOf(markdown: string): { readonly line: number; readonly text: string }[] {
  return linesOf(markdown)
    .filter(({ fenced }) => !fenced)
    .map(({ line, text }) => ({
      line,
      text: text.replace(SPAN, (span) => ' '.repeat(span.length)),
    }))
}

/** Anchors that GitHub gives to the headings of a document. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const { text, fenced } of linesOf(markdown)) {
    const title = fenced ? undefined : /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1]
    if (title === undefined) continue
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

const SPAN = /(`+)(.+?)\1/g

/** Every line but the fences themselves, and whether it lies in a fenced block. */
function linesOf(markdown: string): { line: number; text: string; fenced: boolean }[] {
  const lines: { line: number; text: string; fenced: boolean }[] = []
  let fence: string | undefined
  for (const [index, text] of markdown.split('\n').entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(text)?.[1]
    if (fence === undefined && mark !== undefined) fence = mark
    else if (fence !== undefined && mark?.startsWith(fence)) fence = undefined
    else lines.push({ line: index + 1, text, fenced: fence !== undefined })
  }
  return lines
}

/** A fenced block of a document. */
export interface Block {
  /** Line of its first line of text. */
  readonly line: number
  /** First word after the fence, lower case; empty without one. */
  readonly language: string
  /** Without the indentation of the fence. */
  readonly text: string
}

/** Fenced blocks of a document in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  let open:
    { fence: string; indent: number; language: string; line: number; lines: string[] } | undefined
  for (const [index, text] of markdown.split('\n').entries()) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(text) ?? []
    if (open === undefined) {
      if (fence !== undefined) {
        const language = info.toLowerCase()
        open = { fence, indent: indent.length, language, line: index + 2, lines: [] }
      }
    } else if (fence?.startsWith(open.fence)) {
      blocks.push({ line: open.line, language: open.language, text: open.lines.join('\n') })
      open = undefined
    } else open.lines.push(text.slice(Math.min(open.indent, text.length - text.trimStart().length)))
  }
  return blocks
}
