import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Command } from '../../../src/cli/command.js'
import { COMMANDS } from '../../../src/commands.js'
import { PROGRAM_SETTINGS, SETTINGS } from '../../../src/config/settings.js'
import { KIND_OF } from '../../../src/errors.js'
import { checkGenerated, checkVariables } from '../../../tools/reference/generated.js'
import { referencePage } from '../../../tools/reference/markdown.js'
import { blocksOf, readReference, type Reference } from '../../../tools/reference/reference.js'
import { manualPage } from '../../../tools/reference/roff.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { linesOf, treeOf } from './bad-tree.js'

/** A command with everything that a mistake in quoting would show at. */
const AWKWARD: Command = {
  usage: 'odd get|store [flags]',
  summary: 'Do "odd" things \\ with … and -dashes',
  description: `.dot and 'quote'
go on.

  code \\ with -x | pipes
  'and' quotes

'Last' <b>`,
  flags: [
    {
      name: 'pick',
      short: 'p',
      value: 'A|B',
      choices: ['red', 'blue'],
      help: 'a | b `c|d` *e* <f>',
    },
    { name: 'many', value: 'NAME', repeatable: true, help: '.starts with a dot' },
  ],
  example: 'odd get',
  run: async () => Promise.resolve(0),
}

describe('the reference', () => {
  const folder = temporaryFolder()
  let reference: Reference
  let odd: Reference

  before(async () => {
    reference = await readReference()
    const command = { name: 'odd', command: AWKWARD, flags: AWKWARD.flags, takesWorkload: false }
    odd = { ...reference, commands: [command] }
  })

  for (const [what, make] of [
    ['page', referencePage],
    ['manual page', (from: Reference) => manualPage(from).replaceAll(String.raw`\-`, '-')],
  ] as const) {
    it(`has every command, flag, setting, variable and exit status on the ${what}`, async () => {
      const text = make(reference)
      const flags = await Promise.all(
        Object.values(COMMANDS).map(async ({ load }) => (await load()).flags),
      )
      const settings = Object.values({ ...SETTINGS, ...PROGRAM_SETTINGS })
      const wanted = [
        ...Object.keys(COMMANDS),
        ...flags.flat().map(({ name }) => `--${name}`),
        ...settings.flatMap((setting) => ('env' in setting ? [setting.env] : [])),
        ...settings.flatMap((setting) => ('profileKey' in setting ? [setting.profileKey] : [])),
        ...reference.variables.map(([name]) => name),
        ...reference.exitStatuses.map(([, meaning]) => meaning.split(' (')[0] ?? ''),
        ...(what === 'page' ? Object.keys(KIND_OF) : []),
      ]
      const flat = text.replace(/\s+/g, ' ')
      expect(wanted.filter((word) => !flat.includes(word))).to.deep.equal([])
    })
  }

  it('keeps a cell of a table in its cell', () => {
    expect(referencePage(odd)).to.contain(
      '| `-p, --pick A\\|B` | a \\| b `c\\|d` \\*e\\* \\<f>; one of red, blue |',
    )
  })

  it('tells code from text in a description', () => {
    expect(blocksOf(AWKWARD.description ?? '').map(({ kind }) => kind)).to.deep.equal([
      ...['text', 'code', 'text'],
    ])
  })

  it('has a manual page that mandoc and groff find nothing wrong with', function () {
    const file = join(folder.path, 'page.1')
    const checks = [
      ['mandoc', ['-Tlint', file]],
      ['groff', ['-man', '-ww', '-Tutf8', '-z', file]],
    ] as const
    const there = checks.filter(([program]) => spawnSync(program, ['-v']).error === undefined)
    if (there.length === 0) this.skip()
    for (const from of [reference, odd]) {
      writeFileSync(file, manualPage(from))
      for (const [program, args] of there) {
        const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
        expect(program === 'mandoc' ? stdout : stderr).to.equal('')
      }
    }
  })

  it('shows what was written, whatever it begins with', function () {
    const file = join(folder.path, 'page.1')
    writeFileSync(file, manualPage(odd))
    const { stdout, error } = spawnSync('mandoc', ['-Tascii', file], { encoding: 'utf8' })
    if (error) this.skip()
    // Bold, as a typewriter has it.
    const plain = stdout.split('\b').reduce((text, part) => text.slice(0, -1) + part)
    for (const line of [
      ".dot and 'quote' go on.",
      'code \\ with -x | pipes',
      "'and' quotes",
      '.starts with a dot; may be given more than once',
    ]) {
      expect(plain).to.contain(line)
    }
  })
})

describe('checkGenerated', () => {
  it('finds the file that is missing and the one that is old', () => {
    const tree = treeOf({ 'docs/a.md': 'new', 'docs/b.md': 'old' })
    const files = new Map(['a', 'b', 'c'].map((name) => [`docs/${name}.md`, 'new']))
    expect(linesOf(checkGenerated(tree, files))).to.deep.equal([
      'docs/b.md is not up to date: run `npm run docs`',
      'docs/c.md is not up to date: run `npm run docs`',
    ])
  })
})

describe('checkVariables', () => {
  it('finds a variable that the code reads and nobody is told of', async () => {
    const tree = treeOf({
      'src/session/a.ts': "io.env['AWS_REGION']\nio.env['AWS_SECRET_OPTION']",
      'sidecar/b.ts': "const NAME = 'ROLESANYWHERE_UNKNOWN'",
      'src/emulator/c.ts': "env['SOMETHING']",
      'test/d.ts': "env['SOMETHING']",
    })
    const problems = linesOf(checkVariables(tree, await readReference()))
    expect(problems).to.have.length(2)
    expect(problems[0]).to.match(/^src\/session\/a\.ts:2 reads AWS_SECRET_OPTION/)
    expect(problems[1]).to.match(/^sidecar\/b\.ts:1 reads ROLESANYWHERE_UNKNOWN/)
  })
})
