import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { formatProblem } from '../../../tools/problem.js'
import { lineAt, readTree } from '../../../tools/tree.js'

describe('readTree', () => {
  let root: string

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tree-'))
  })

  afterEach(() => {
    rmSync(root, { recursive: true })
  })

  it('reads files of all folders, but nothing that is installed or built', () => {
    for (const file of [
      'a.md',
      'src/x/b.ts',
      'node_modules/c.js',
      'examples/e/node_modules/c.js',
      'dist/d.js',
      '.git/HEAD',
      'certs/out/key.pem',
      'certs/e.pem',
    ]) {
      mkdirSync(join(root, file, '..'), { recursive: true })
      writeFileSync(join(root, file), `text of ${file}`)
    }
    const tree = readTree(root)
    expect([...tree.keys()].sort()).to.deep.equal(['a.md', 'certs/e.pem', 'src/x/b.ts'])
    expect(tree.get('src/x/b.ts')).to.equal('text of src/x/b.ts')
  })
})

describe('lineAt', () => {
  it('counts from 1', () => {
    expect(lineAt('a\nb', 0)).to.equal(1)
    expect(lineAt('a\nb', 2)).to.equal(2)
  })
})

describe('formatProblem', () => {
  it('leaves the line out where the whole file is meant', () => {
    expect(formatProblem({ file: 'a.ts', message: 'is odd' })).to.equal('a.ts is odd')
    expect(formatProblem({ file: 'a.ts', line: 3, message: 'is odd' })).to.equal('a.ts:3 is odd')
  })
})
