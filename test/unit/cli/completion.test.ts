import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { completionCommand } from '../../../src/cli/completion.js'
import { completionOf, type Completion } from '../../../src/cli/completion-model.js'
import { bashCompletion } from '../../../src/cli/completion-bash.js'
import { fishCompletion } from '../../../src/cli/completion-fish.js'
import { zshCompletion } from '../../../src/cli/completion-zsh.js'
import type { Command } from '../../../src/cli/command.js'
import { PROGRAM_FLAGS, WORKLOAD_FLAGS } from '../../../src/cli/setting-flags.js'
import { COMMANDS } from '../../../src/commands.js'
import { recordedIo } from '../../support/io.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const none = { has: () => false, get: () => undefined, all: () => [] }

async function scriptFor(shell: string): Promise<string> {
  const io = recordedIo()
  await completionCommand.run({ flags: none, positionals: [shell] }, io)
  return io.written.stdout
}

const isThere = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0

/** Commands with everything that a quoting mistake would show at. */
const awkward = (): Completion => {
  const command: Command = {
    usage: 'odd one|two',
    summary: 'It\'s "odd": $(date) `date` [x] \\',
    example: 'odd one',
    flags: [
      ...WORKLOAD_FLAGS,
      {
        name: 'pick',
        short: 'p',
        value: 'COLOR:x',
        choices: ['red', 'blue'],
        help: "a: [b] 'c' $d",
      },
      { name: 'dir', value: 'FOLDER', help: 'back\\slash' },
      { name: 'many', value: 'NAME=ARN', repeatable: true, help: '(x) *' },
    ],
    run: async () => Promise.resolve(0),
  }
  const { summary } = command
  return completionOf([
    { name: 'odd', summary, command },
    { name: 'pair left', summary, command },
    { name: 'pair right', summary, command },
  ])
}

describe('completion', () => {
  const folder = temporaryFolder()

  it('refuses a shell that it does not know, and names those that it does', async () => {
    const run = completionCommand.run({ flags: none, positionals: ['tcsh'] }, recordedIo())
    expect((await rejectsWithCode(run, 'ERR_RA_ARGUMENT_INVALID')).hint).to.contain('fish')
  })

  for (const shell of ['bash', 'zsh', 'fish']) {
    it(`is what ${shell} parses`, async function () {
      if (!isThere(shell)) this.skip()
      const file = join(folder.path, 'script')
      const make = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell]!
      for (const script of [await scriptFor(shell), make(awkward())]) {
        writeFileSync(file, script)
        const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
        expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' })
      }
    })

    it(`names every command and every flag to ${shell}`, async () => {
      const script = await scriptFor(shell)
      for (const [name, { load }] of Object.entries(COMMANDS)) {
        for (const word of name.split(' ')) expect(script).to.contain(word)
        for (const flag of [...(await load()).flags, ...PROGRAM_FLAGS]) {
          expect(script).to.contain(shell === 'fish' ? `-l ${flag.name}` : `--${flag.name}`)
        }
      }
    })
  }

  describe('in bash', () => {
    let script: string
    before(async function () {
      if (!isThere('bash')) this.skip()
      script = await scriptFor('bash')
    })

    /** What is offered for the last of the words. */
    function offered(words: readonly string[], completion = script): string[] {
      const file = join(folder.path, 'completion.bash')
      writeFileSync(file, completion)
      const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _rolesanywhere; printf '%s\\n' "\${COMPREPLY[@]}"`
      const args = ['--norc', '-c', program, 'bash', file, 'rolesanywhere', ...words]
      const out = execFileSync('bash', args, { cwd: folder.path, encoding: 'utf8' })
      return out.split('\n').filter(Boolean)
    }

    it('completes commands, and the second word of those that have two', () => {
      expect(offered(['cred'])).to.deep.equal(['credential-process'])
      expect(offered(['pki', 'in'])).to.deep.equal(['init', 'intermediate'])
      expect(offered([''])).to.include.members(['serve', 'pki', '--help'])
    })

    it('completes flags of the command and of the program, and no others', () => {
      expect(offered(['serve', '--auth'])).to.include('--authorization-token-file')
      expect(offered(['pki', 'init', '--log'])).to.deep.equal(['--log-level', '--log-format'])
      expect(offered(['pki', 'init', '--auth'])).to.deep.equal([])
    })

    it('completes values that come from a short list, also after an equals sign', () => {
      expect(offered(['serve', '--log-level', 'd'])).to.deep.equal(['debug'])
      expect(offered(['serve', '--log-level', '=', ''])).to.include('warn')
      expect(offered(['serve', '--log-level', '='])).to.include('warn')
      expect(offered(['completion', ''])).to.include.members(['bash', 'zsh', 'fish'])
      expect(offered(['odd', '-p', ''], bashCompletion(awkward()))).to.deep.equal(['red', 'blue'])
    })

    it('completes files where a flag takes one, folders where it takes one, else nothing', () => {
      mkdirSync(join(folder.path, 'sub folder'))
      writeFileSync(join(folder.path, 'sub.pem'), '')
      expect(offered(['serve', '--certificate', 'sub'])).to.have.members(['sub folder', 'sub.pem'])
      expect(offered(['odd', '--dir', 's'], bashCompletion(awkward()))).to.deep.equal([
        'sub folder',
      ])
      expect(offered(['serve', '--region', ''])).to.deep.equal([])
    })

    it('completes the command that exec runs', () => {
      expect(offered(['exec', '--', 'mkdi'])).to.include('mkdir')
    })
  })

  describe('in fish', () => {
    let script: string
    before(async function () {
      if (!isThere('fish')) this.skip()
      script = await scriptFor('fish')
    })

    function offered(line: string): string[] {
      writeFileSync(join(folder.path, 'completion.fish'), script)
      const program = `source completion.fish; complete -C ${JSON.stringify(line)}`
      const env = { PATH: process.env['PATH'], HOME: folder.path }
      const out = execFileSync('fish', ['--no-config', '-c', program], {
        cwd: folder.path,
        encoding: 'utf8',
        env,
      })
      return out.split('\n').flatMap((row) => row.split('\t')[0] || [])
    }

    it('completes commands, flags, values and files', () => {
      writeFileSync(join(folder.path, 'tls.pem'), '')
      expect(offered('rolesanywhere cred')).to.deep.equal(['credential-process'])
      expect(offered('rolesanywhere pki in')).to.deep.equal(['init', 'intermediate'])
      expect(offered('rolesanywhere serve --auth')).to.include('--authorization-token-file')
      expect(offered('rolesanywhere pki init --auth')).to.deep.equal([])
      expect(offered('rolesanywhere serve --log-level d')).to.deep.equal(['debug'])
      expect(offered('rolesanywhere serve --certificate tl')).to.deep.equal(['tls.pem'])
      expect(offered('rolesanywhere completion z')).to.deep.equal(['zsh'])
    })
  })

  describe('in zsh', () => {
    it('is taken by the completion system', async function () {
      if (!isThere('zsh')) this.skip()
      const file = join(folder.path, 'completion.zsh')
      writeFileSync(file, await scriptFor('zsh'))
      const program = `autoload -Uz compinit && compinit -D -u && source ${file} && print $_comps[rolesanywhere]`
      const env = { PATH: process.env['PATH'], HOME: folder.path, ZDOTDIR: folder.path }
      const out = execFileSync('zsh', ['-f', '-c', program], { encoding: 'utf8', env })
      expect(out).to.equal('_rolesanywhere\n')
    })
  })
})
