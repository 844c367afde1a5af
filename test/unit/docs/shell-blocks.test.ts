import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { blocksOf } from '../../../tools/markdown.js'
import { readTree } from '../../../tools/tree.js'

const SHELL = new Set(['sh', 'bash', 'shell'])

describe('shell blocks of documents', () => {
  it('are shell', () => {
    const tree = readTree(fileURLToPath(new URL('../../../', import.meta.url)))
    const blocks = [...tree]
      .filter(([file]) => file.endsWith('.md') && !file.startsWith('test/fixtures/'))
      .flatMap(([file, text]) => blocksOf(text).map((block) => ({ ...block, file })))
      .filter(({ language }) => SHELL.has(language))
    expect(blocks.length).to.be.above(50)
    const faults = blocks.flatMap(({ file, line, text }) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
      return status === 0 ? [] : [`${file}:${line} ${stderr}`]
    })
    expect(faults).to.deep.equal([])
  })
})
