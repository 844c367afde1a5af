import { readFileSync } from 'node:fs'

/** The guide that the tests follow. */
export const GUIDE = 'docs/kubernetes.md'

/** A block of code in a document. */
export interface Block {
  /** The heading that it stands under. */
  readonly section: string
  readonly text: string
}

/** All blocks of a document in a language, in order. */
export function readBlocks(path: string, language = 'sh'): readonly Block[] {
  const found: Block[] = []
  let section = ''
  let block: string[] | undefined
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (block && line === '```') {
      found.push({ section, text: block.join('\n') })
      block = undefined
    } else if (block) block.push(line)
    else if (line === `\`\`\`${language}`) block = []
    else section = /^##+ (.*)$/.exec(line)?.[1] ?? section
  }
  return found
}

/** The one block of a document that has this in it. */
export function blockWith(text: string, path = GUIDE, language = 'sh'): string {
  const found = readBlocks(path, language).filter((block) => block.text.includes(text))
  if (found.length !== 1) throw new Error(`${found.length} blocks of ${path} have "${text}"`)
  return found[0]?.text ?? ''
}

/** Tags of the images that the guide builds. */
export const guideImages = (): string[] =>
  [...blockWith('docker build').matchAll(/^docker build -t (\S+)/gm)].map(([, tag = '']) => tag)
