import { expect } from 'chai'
import { checkDependencies } from '../../../tools/check-dependencies.js'
import { linesOf, treeOf } from './bad-tree.js'

const good = {
  'package.json': '{ "dependencies": { "@scope/one": "^1.0.0" } }',
  'package-lock.json':
    '{ "packages": { "node_modules/@scope/one": { "version": "1.0.0" }, "node_modules/example": { "resolved": "examples/example", "link": true } } }',
  'docs/dependencies.md': '## Run-time dependencies\n\n| Package |\n|---|\n| `@scope/one` |\n',
  'src/session/a.ts': "import type { One } from '@scope/one/deep.js'",
}
const check = (files: Partial<typeof good> & Record<string, string>): string[] =>
  linesOf(checkDependencies(treeOf({ ...good, ...files })))

describe('checkDependencies', () => {
  it('accepts a package that is declared, used and explained', () => {
    expect(check({})).to.deep.equal([])
  })

  it('refuses a package that only the development tools declare', () => {
    expect(check({ 'sidecar/server/b.ts': "await import('two')" })).to.deep.equal([
      'sidecar/server/b.ts:1 imports two, which is not in "dependencies" of package.json',
    ])
  })

  it('refuses a package that nothing imports', () => {
    expect(check({ 'src/session/a.ts': '' })).to.deep.equal([
      'package.json depends on @scope/one, which nothing imports',
    ])
  })

  it('asks for a row, and only in the table of run-time dependencies', () => {
    const elsewhere = '## Run-time dependencies\n\n## Others\n\n| `@scope/one` |\n'
    expect(check({ 'docs/dependencies.md': elsewhere })).to.deep.equal([
      'docs/dependencies.md has no row for @scope/one',
    ])
  })

  it('refuses a row of a package that is gone', () => {
    const text = `${good['docs/dependencies.md']}| \`two\` | as \`@scope/one\` |\n\n## Others\n`
    expect(check({ 'docs/dependencies.md': text })).to.deep.equal([
      'docs/dependencies.md explains two, which is no dependency',
    ])
  })

  it('refuses a download address in the lock file', () => {
    const lock = '{ "packages": { "node_modules/a": { "resolved": "https://example.com/a.tgz" } } }'
    expect(check({ 'package-lock.json': lock })).to.deep.equal([
      'package-lock.json holds a download address for node_modules/a',
    ])
  })
})
