import { expect } from 'chai'
import { exportsOf } from '../../../tools/exports.js'
import { parse } from '../../../tools/imports.js'

const names = (code: string): string[] =>
  exportsOf(parse('a.ts', code)).map(({ name, kind }) => `${kind} ${name}`)

describe('exportsOf', () => {
  for (const { code, expected } of [
    { code: 'export const a = 1, b = 2', expected: ['value a', 'value b'] },
    { code: 'export async function a(): Promise<void> {}', expected: ['value a'] },
    { code: 'export default class A {}', expected: ['value default'] },
    { code: 'export default 1', expected: ['value default'] },
    { code: 'export interface A {}\nexport type B = A', expected: ['type A', 'type B'] },
    { code: "export { a, type B } from './x.js'", expected: ['value a', 'type B'] },
    { code: "export type { A } from './x.js'", expected: ['type A'] },
    { code: "export * as a from './x.js'", expected: ['value a'] },
    { code: 'const a = 1\nexport { a as b }', expected: ['value b'] },
    { code: 'interface A {}\nexport { A }', expected: ['type A'] },
    { code: 'const a = 1\nfunction b(): void {}', expected: [] },
  ]) {
    it(`reads \`${code.replaceAll('\n', ' ')}\``, () => {
      expect(names(code)).to.deep.equal(expected)
    })
  }
})
