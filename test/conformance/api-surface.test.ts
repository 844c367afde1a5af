import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { exportsOf } from '../../tools/exports.js'
import { parse } from '../../tools/imports.js'

/** The files behind the `exports` of package.json. */
const ENTRIES = ['src/index.ts', 'src/errors.ts', 'src/emulator/index.ts']
const SNAPSHOT = pathOf('test/fixtures/api-surface.json')

interface Surface {
  readonly values: readonly string[]
  readonly types: readonly string[]
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../${file}`, import.meta.url))
}

function surfaceOf(entry: string): Surface {
  const names = exportsOf(parse(entry, readFileSync(pathOf(entry), 'utf8')))
  const of = (kind: string): string[] =>
    names.flatMap((name) => (name.kind === kind ? [name.name] : [])).sort()
  return { values: of('value'), types: of('type') }
}

describe('public API', () => {
  before(() => {
    if (process.env['UPDATE_SNAPSHOT'] !== '1') return
    const surfaces = ENTRIES.map((entry) => [entry, surfaceOf(entry)] as const)
    writeFileSync(SNAPSHOT, `${JSON.stringify(Object.fromEntries(surfaces), undefined, 2)}\n`)
  })

  for (const entry of ENTRIES) {
    it(`of ${entry} is as committed; run with UPDATE_SNAPSHOT=1 to change it on purpose`, () => {
      const snapshot = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Record<string, Surface>
      expect(surfaceOf(entry)).to.deep.equal(snapshot[entry])
    })

    it(`of ${entry} exists at run time`, async () => {
      const module = (await import(pathOf(entry))) as Record<string, unknown>
      expect(Object.keys(module).sort()).to.deep.equal(surfaceOf(entry).values)
    })
  }

  it('is what package.json exports', () => {
    const { exports } = JSON.parse(readFileSync(pathOf('package.json'), 'utf8')) as {
      exports: Record<string, string | { default: string }>
    }
    const files = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry.default],
    )
    const sources = files.map((file) => file.replace('./dist/lib/', '').replace(/\.js$/, '.ts'))
    expect(sources).to.deep.equal(ENTRIES)
    expect(sources.filter((file) => !existsSync(pathOf(file)))).to.deep.equal([])
  })
})
