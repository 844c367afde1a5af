import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'

const ROOT = new URL('../../../', import.meta.url)

describe('the list of documents in README.md', () => {
  it('has every document', () => {
    const [, list = ''] =
      /^## Documents\n([\s\S]*?)^## /m.exec(readFileSync(new URL('README.md', ROOT), 'utf8')) ?? []
    const listed = [...list.matchAll(/\(docs\/([\w-]+\.md)\)/g)].map(([, name = '']) => name)
    const there = readdirSync(new URL('docs/', ROOT)).filter((name) => name.endsWith('.md'))
    expect(listed.toSorted()).to.deep.equal(there.toSorted())
  })
})
