import { posix } from 'node:path'
import { anchorsOf, proseOf } from '../markdown.js'
import type { Problem } from '../problem.js'
import type { Tree } from '../tree.js'

const LINKS = [
  /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g,
  /^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g,
  /\b(?:href|src)="([^"]+)"/g,
]

/** Relative links of Markdown documents that lead to no file, folder or heading of this repository. */
export function checkLinks(tree: Tree): Problem[] {
  const problems: Problem[] = []
  for (const [file, text] of tree) {
    if (!file.endsWith('.md') || file.startsWith('test/fixtures/')) continue
    for (const { line, text: prose } of proseOf(text)) {
      for (const [, link = ''] of LINKS.flatMap((pattern) => [...prose.matchAll(pattern)])) {
        const fault = faultOf(link, file, tree)
        if (fault) problems.push({ file, line, message: `links to ${link}: ${fault}` })
      }
    }
  }
  return problems
}

function faultOf(link: string, from: string, tree: Tree): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined
  const [target = '', anchor] = link.split('#')
  const path = target === '' ? from : posix.join(posix.dirname(from), decodeURI(target))
  const text = tree.get(path)
  if (text === undefined) {
    const folder = path === './' || path === '.' ? '' : `${path.replace(/\/$/, '')}/`
    return [...tree.keys()].some((file) => file.startsWith(folder)) ? undefined : 'no such file'
  }
  if (anchor === undefined || !path.endsWith('.md') || anchorsOf(text).has(anchor)) return undefined
  return 'no such heading'
}
