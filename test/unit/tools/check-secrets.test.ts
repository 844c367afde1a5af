import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { checkSecrets } from '../../../tools/check-secrets.js'
import { linesOf, treeOf } from './bad-tree.js'

const check = (files: Record<string, string>): string[] =>
  linesOf(checkSecrets(treeOf({ 'tools/reveal-sites.json': '{}', ...files })))

const pins = (entries: Record<string, unknown>): Record<string, string> => ({
  'tools/reveal-sites.json': JSON.stringify(entries),
})

describe('checkSecrets', () => {
  describe('places where a secret leaves its type', () => {
    const file = 'src/protocol/documents.ts'

    it('are accepted as pinned', () => {
      const files = { [file]: 'a.reveal()', ...pins({ [file]: { count: 1, why: 'the wire' } }) }
      expect(check(files)).to.deep.equal([])
    })

    for (const code of [
      'a.reveal()',
      'a?.reveal()',
      "a['reveal']()",
      'list.map(a.reveal)',
      'const { reveal } = a',
      'const { reveal: open } = a',
    ]) {
      it(`are seen in \`${code}\``, () => {
        expect(check({ [file]: code })).to.deep.equal([
          `${file} reveals a secret 1 times, on lines 1: tools/reveal-sites.json says 0`,
        ])
      })
    }

    it('are compared by number', () => {
      const files = {
        [file]: 'a.reveal()\nb.reveal()',
        ...pins({ [file]: { count: 1, why: 'the wire' } }),
      }
      expect(check(files)).to.deep.equal([
        `${file} reveals a secret 2 times, on lines 1, 2: tools/reveal-sites.json says 1`,
      ])
    })

    it('are not kept on the list when they are gone', () => {
      expect(check({ [file]: '', ...pins({ [file]: { count: 1, why: 'x' } }) })).to.deep.equal([
        `tools/reveal-sites.json lists ${file}, which reveals nothing`,
      ])
    })

    for (const [what, list] of [
      ['no JSON', '{'],
      ['no reason', '{"a.ts":{"count":1,"why":" "}}'],
      ['no count', '{"a.ts":{"why":"x"}}'],
      ['null', '{"a.ts":null}'],
    ] as const) {
      it(`cannot be pinned by a list with ${what}`, () => {
        expect(check({ 'tools/reveal-sites.json': list })).to.deep.equal([
          'tools/reveal-sites.json is not an object of { "count": number, "why": string }',
        ])
      })
    }
  })

  describe('private keys', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const encrypted = pem.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n')

    for (const [how, text] of [
      ['as a file', pem],
      ['in a string', JSON.stringify(pem)],
      ['indented', pem.replaceAll('\n', '\n    ')],
      ['with headers', encrypted],
    ] as const) {
      it(`are found ${how}`, () => {
        expect(check({ 'examples/key.txt': `\n${text}` })).to.deep.equal([
          'examples/key.txt:2 holds a private key: only certs/ and test/fixtures/ may',
        ])
      })
    }

    it('may lie with the development certificates and the fixtures', () => {
      expect(check({ 'certs/a.key.pem': pem, 'test/fixtures/b.pem': pem })).to.deep.equal([])
    })

    it('are not mistaken for their own header', () => {
      const text = '-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----'
      expect(check({ 'README.md': text })).to.deep.equal([])
    })
  })

  it('finds an access key id, except the one of the documentation', () => {
    const id = `AK${'IA'}Q3EGZ7HTNUDL5YWP`
    expect(check({ 'a.md': id, 'b.md': 'AKIAIOSFODNN7EXAMPLE' })).to.deep.equal([
      'a.md:1 holds an access key id: only certs/ and test/fixtures/ may',
    ])
  })
})
