import { expect } from 'chai'
import { checkDocs } from '../../../tools/check-docs.js'
import { readCommandArguments } from '../../../tools/command-arguments.js'
import { checkCommandLines } from '../../../tools/docs/command-lines.js'
import type { CommandFlags } from '../../../tools/docs/flags.js'
import { linesOf, treeOf } from './bad-tree.js'

const commands: CommandFlags = new Map([
  ['', new Set(['help', 'log-level'])],
  ['serve', new Set(['listen', 'imds'])],
  ['exec', new Set(['role-arn'])],
  ['pki issue', new Set(['force'])],
])

const check = (files: Record<string, string>, codes: readonly string[] = []): string[] =>
  linesOf(checkDocs(treeOf(files), { codes, commands, faultOfArguments: () => undefined }))

describe('checkDocs', () => {
  describe('doc comments', () => {
    for (const code of [
      'export const a = 1',
      'export function a(): void {}',
      'export class a {}',
      'export interface a {}',
      'export type a = string',
      'const a = 1\nexport { a }',
      '// not a doc comment\nexport const a = 1',
      '/** @see https://example.com */\nexport const a = 1',
      '/** */\nexport const a = 1',
    ]) {
      it(`are missed in \`${code.replaceAll('\n', ' ')}\``, () => {
        const found = check({ 'src/config/a.ts': code })
        expect(found).to.have.length(1)
        expect(found[0]).to.match(/^src\/config\/a\.ts:\d exports a without a doc comment$/)
      })
    }

    it('are not asked of what is documented elsewhere, overloaded, private or a test', () => {
      const overloads = '/** Says it. */\nexport function a(x: 1): 1\nexport function a(x: 2): 2 {}'
      const found = check({
        'src/config/a.ts': `${overloads}\nconst b = 1`,
        'src/index.ts': "export { a } from './config/a.js'",
        'test/support/c.ts': 'export const c = 1',
      })
      expect(found).to.deep.equal([])
    })

    it('say what class is thrown', () => {
      const found = check({
        'src/config/a.ts':
          '/**\n * Says it.\n *\n * @throws when it is late\n */\nexport const a = 1',
      })
      expect(found).to.deep.equal([
        'src/config/a.ts:4 @throws does not start with the class that is thrown',
      ])
    })
  })

  describe('error codes', () => {
    const codes = ['ERR_RA_KEY_INVALID']
    const thrower = { 'src/config/a.ts': "throw fail('ERR_RA_KEY_INVALID')" }

    it('are found unknown in a document and in a comment', () => {
      const found = check(
        {
          ...thrower,
          'docs/errors.md': '# Errors\n\nSee `ERR_RA_KEY_LOST`.',
          'sidecar/server/b.ts': '// ERR_RA_NEVER',
        },
        codes,
      )
      expect(found).to.deep.equal([
        'docs/errors.md:3 names the unknown code ERR_RA_KEY_LOST',
        'sidecar/server/b.ts:1 names the unknown code ERR_RA_NEVER',
      ])
    })

    it('may be meant as a family', () => {
      const text = '`ERR_RA_*`, `ERR_RA_KEY_*`, `ERR_RA_SOAP_*`'
      expect(check({ ...thrower, 'README.md': text }, codes)).to.deep.equal([
        'README.md:1 names the unknown code ERR_RA_SOAP_*',
      ])
    })

    it('may be put together from their beginning', () => {
      const files = {
        'src/config/a.ts': 'fail(`ERR_RA_KEY_${rule}`)\nfail(`ERR_RA_SOAP_${rule}`)',
      }
      expect(check(files, codes)).to.deep.equal([
        'src/config/a.ts:2 names the unknown code ERR_RA_SOAP_*',
      ])
    })

    it('are found dead when nothing throws them', () => {
      const files = {
        'README.md': '`ERR_RA_KEY_INVALID`',
        'src/config/a.ts': '// ERR_RA_KEY_*: what is wrong with a key',
      }
      expect(check(files, codes)).to.deep.equal([
        'src/errors.ts declares ERR_RA_KEY_INVALID, which nothing throws',
      ])
    })
  })

  describe('links', () => {
    const files = {
      'docs/guide.md': '# Guide\n\n## A `code` heading, twice\n\n## A `code` heading, twice\n',
      'docs/a space.md': '',
      'src/index.ts': '',
    }

    for (const link of [
      '[a](docs/guide.md)',
      '[a](./docs/guide.md#guide)',
      '[a](docs/guide.md#a-code-heading-twice)',
      '[a](docs/guide.md#a-code-heading-twice-1)',
      '[a](docs)',
      '[a](docs/)',
      '[a](docs/a%20space.md)',
      '````\n```\n[a](absent.md)\n```\n[a](absent.md)\n````',
      '[`a`](src/index.ts "title")',
      '[a](https://example.com/absent)',
      '`[a](absent.md)`',
      '```\n[a](absent.md)\n```',
      '[a]: src/index.ts',
    ]) {
      it(`lead somewhere: ${link.replaceAll('\n', ' ')}`, () => {
        expect(check({ ...files, 'README.md': link })).to.deep.equal([])
      })
    }

    for (const { link, fault } of [
      { link: '[a](absent.md)', fault: 'absent.md: no such file' },
      { link: '[`a`](docs/absent.md)', fault: 'docs/absent.md: no such file' },
      { link: '[a](docs/guide.md#absent)', fault: 'docs/guide.md#absent: no such heading' },
      { link: '[a](#absent)', fault: '#absent: no such heading' },
      { link: '[a]: absent.md', fault: 'absent.md: no such file' },
      { link: '<img src="absent.png">', fault: 'absent.png: no such file' },
    ]) {
      it(`lead nowhere: ${link}`, () => {
        expect(check({ ...files, 'README.md': link })).to.deep.equal([
          `README.md:1 links to ${fault}`,
        ])
      })
    }
  })

  describe('flags', () => {
    for (const text of [
      '`--listen`',
      '`--listen 127.0.0.1:0`',
      '`rolesanywhere serve --imds --log-level=debug`',
      '`rolesanywhere --help`',
      '`rolesanywhere COMMAND --help`',
      '`rolesanywhere pki …`',
      '```sh\n$ rolesanywhere serve \\\n    --imds\n```',
      '```sh\nrolesanywhere exec --role-arn ARN -- aws s3 ls --recursive\n```',
      '```sh\nrolesanywhere serve --imds | jq --raw-output .\n```',
      '```sh\nnpx rolesanywhere pki issue name --force # and --more\n```',
      '```sh\ndocker run --rm image\n```',
      '`docker run --rm`',
      '`aws rolesanywhere create-profile --name app`',
    ]) {
      it(`are all known in ${text.replaceAll('\n', ' ')}`, () => {
        expect(check({ 'README.md': text })).to.deep.equal([])
      })
    }

    for (const { text, finding } of [
      { text: '`--lisen`', finding: '1 names the flag --lisen, which no command has' },
      {
        text: '`rolesanywhere serve --force`',
        finding: '1 names the flag --force, which serve does not have',
      },
      {
        text: '```ini\ncredential_process = /usr/bin/rolesanywhere exec \\\n  --role-arm ARN\n```',
        finding: '2 names the flag --role-arm, which exec does not have',
      },
      {
        text: '```sh\nrolesanywhere sevre\n```',
        finding: '2 names the command sevre, which does not exist',
      },
      {
        text: '`rolesanywhere pki isue name`',
        finding: '1 names the command pki isue, which does not exist',
      },
    ]) {
      it(`are found out in ${text.replaceAll('\n', ' ')}`, () => {
        expect(check({ 'README.md': text })).to.deep.equal([`README.md:${finding}`])
      })
    }
  })

  it('leaves flags on their own alone where a document is about another program', () => {
    const text = '`--watch`, `rolesanywhere serve --watch`'
    expect(check({ 'examples/lister/README.md': text })).to.deep.equal([
      'examples/lister/README.md:1 names the flag --watch, which serve does not have',
    ])
  })

  describe('words', () => {
    for (const text of ['see registry.npmjs.org', 'cd /home/me/src', '// TODO: later', 'FIXME']) {
      it(`are refused: ${text}`, () => {
        expect(check({ 'docs/a.md': text })).to.have.length(1)
      })
    }

    for (const text of [
      'a registry',
      '$HOME/.aws',
      '// TODO(#12): later',
      'https://x.org/home/a',
    ]) {
      it(`are accepted: ${text}`, () => {
        expect(check({ 'docs/a.md': text })).to.deep.equal([])
      })
    }
  })

  describe('calls in code blocks', () => {
    const faultOfArguments = (args: readonly string[]): string => args.join('|')
    const calls = (...lines: string[]): string[] => {
      const text = `\`\`\`sh\n${lines.join('\n')}\n\`\`\`\n`
      return checkCommandLines(treeOf({ 'README.md': text }), faultOfArguments).map(({ message }) =>
        message.replace(/^.*: /, ''),
      )
    }

    for (const { line, seen } of [
      { line: 'rolesanywhere serve --imds', seen: ['serve|--imds'] },
      { line: '$ ./bin/rolesanywhere serve # always', seen: ['serve'] },
      { line: 'A=b exec rolesanywhere serve --x "a b" &', seen: ['serve|--x|a b'] },
      { line: "rolesanywhere a 2> log | rolesanywhere b 'c d' > out", seen: ['a', 'b|c d'] },
      { line: 'x && rolesanywhere a || echo rolesanywhere b; rolesanywhere c', seen: ['a', 'c'] },
      {
        line: 'credential_process = rolesanywhere credential-process',
        seen: ['credential-process'],
      },
      { line: 'A=$(rolesanywhere a)', seen: [] },
      { line: 'rolesanywhere serve … --imds --role-arn …', seen: ['serve|--imds|--role-arn|…'] },
      { line: 'rolesanywhere pki issue NAME [flags]', seen: [] },
      { line: 'aws rolesanywhere import-crl --enabled', seen: [] },
      { line: 'cat rolesanywhere', seen: [] },
    ]) {
      it(`are ${seen.length} in \`${line}\``, () => {
        expect(calls(line)).to.deep.equal(seen)
      })
    }

    it('go on after a backslash', () => {
      expect(calls('rolesanywhere serve \\', '  --imds')).to.deep.equal(['serve|--imds'])
    })

    it('are judged by the tables of the program', async () => {
      const faultOf = await readCommandArguments()
      for (const args of [
        ['pki', 'issue', 'app', '--days', '7'],
        ['serve', '--help'],
        ['--version'],
        ['exec', '--', 'aws', 's3', 'ls', '--recursive'],
      ]) {
        expect(faultOf(args), args.join(' ')).to.equal(undefined)
      }
      for (const args of [
        ['pki', 'issue'],
        ['serve', 'now'],
        ['serve', '--imds=maybe'],
        ['serve', '--listen'],
        ['dance'],
      ]) {
        expect(faultOf(args), args.join(' ')).to.be.a('string')
      }
    })
  })

  describe('blocks', () => {
    const block = (language: string, text: string): string[] =>
      check({ 'docs/a.md': `# A\n\n1. One:\n\n   \`\`\`${language}\n${text}\n   \`\`\`\n` })

    it('of JSON, YAML and TypeScript must be readable', () => {
      expect(block('ts', '   const = 1')[0]).to.match(/^docs\/a.md:6 is a block of ts/)
      expect(block('json', '   { "a": 1, }')[0]).to.match(/^docs\/a.md:6 is a block of json/)
      expect(block('yaml', '   a: [1')[0]).to.match(/^docs\/a.md:6 is a block of yaml/)
    })

    it('of Mermaid must be a diagram, without what would end a statement', () => {
      expect(block('mermaid', '   flow LR\n   a --> b')[0]).to.include('no kind of diagram')
      expect(block('mermaid', '   sequenceDiagram\n   a->>b: c; d')[0]).to.include('semicolon')
      expect(block('mermaid', '   flowchart LR\n   a --> b')).to.deep.equal([])
    })

    it('may be indented, hold many documents, or be of something else', () => {
      expect(block('json', '   {"a":1}\n   {"b":2}')).to.deep.equal([])
      expect(block('yaml', '   a: 1\n   ---\n   b: 2')).to.deep.equal([])
      expect(block('ini', '   [a')).to.deep.equal([])
      expect(block('ts', '   await using(a)')).to.deep.equal([])
    })
  })

  describe('paths and scripts', () => {
    const files = { 'package.json': '{"scripts":{"build":"x"}}', 'test/e2e/a.ts': '' }

    it('must be there', () => {
      const text = '`test/e2e/b.ts` and `npm run bild`'
      expect(check({ ...files, 'docs/a.md': text })).to.deep.equal([
        'docs/a.md:1 names test/e2e/b.ts: no such file',
        'docs/a.md:1 runs npm run bild, which no package has',
      ])
    })

    it('may be folders, patterns, placeholders, built, or of other places', () => {
      const text =
        '`test/e2e/`, `test/e2e`, `src/*.ts`, `examples/NAME`, `examples/a/dist/main.js`, `/etc/certs/a`, `npm run --silent build`'
      expect(check({ ...files, 'docs/a.md': text })).to.deep.equal([])
    })
  })
})
