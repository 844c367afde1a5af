import { expect } from 'chai'
import type { Command } from '../../../src/cli/command.js'
import { EXIT_STATUS } from '../../../src/cli/exit-status.js'
import { type CommandTable, main } from '../../../src/cli/main.js'
import { type ErrorCode, KIND_OF, RolesAnywhereError } from '../../../src/errors.js'
import { COMMANDS } from '../../../src/commands.js'
import { VERSION } from '../../../src/version.js'
import { recordedIo } from '../../support/io.js'

describe('main', () => {
  let behaviour: () => Promise<number | undefined>

  const command: Command = {
    usage: 'greet NAME [flags]',
    summary: 'Greet somebody',
    flags: [{ name: 'loud', help: 'say it loudly' }],
    example: 'greet world --loud',
    arguments: { min: 1, max: 1 },
    run: async () => behaviour(),
  }
  const table: CommandTable = {
    greet: { summary: 'Greet somebody', load: async () => command },
    'pki init': { summary: 'Make a CA', load: async () => command },
  }
  const run = async (...args: string[]) => {
    const io = recordedIo()
    const status = await main(table, args, io)
    return { status, ...io.written }
  }

  beforeEach(() => {
    behaviour = async () => undefined
  })

  it('lists the commands without an argument, and with --help', async () => {
    for (const args of [[], ['--help'], ['-h'], ['help']]) {
      const { status, stdout, stderr } = await run(...args)
      expect(status).to.equal(0)
      expect(stdout).to.contain('greet     Greet somebody\n').and.to.contain('Usage:')
      expect(stderr).to.equal('')
    }
  })

  it('prints its version', async () => {
    for (const args of [['--version'], ['version'], ['-v'], ['-V'], ['greet', '--version']]) {
      expect((await run(...args)).stdout).to.equal(`${VERSION}\n`)
    }
  })

  it('explains a command, with its example', async () => {
    const { stdout } = await run('greet', '--help')
    expect((await run('help', 'greet')).stdout).to.equal(stdout)
    expect(stdout).to.contain('Usage: rolesanywhere greet NAME [flags]')
    expect(stdout).to.contain('  rolesanywhere greet world --loud')
    expect(stdout).to.match(/--loud +say it loudly/)
    expect(stdout).to.match(/--log-level LEVEL +error, warn, info or debug/)
  })

  for (const { args, hint } of [
    { args: ['gret'], hint: 'did you mean "greet"?' },
    { args: ['nothing-like-it'], hint: 'commands: greet, pki init' },
    { args: ['pki'], hint: 'commands: pki init' },
    { args: ['pki', 'inti'], hint: 'did you mean "pki init"?' },
    { args: ['constructor'], hint: 'commands: greet, pki init' },
  ]) {
    it(`answers "${args.join(' ')}" with a hint`, async () => {
      const { status, stdout, stderr } = await run(...args)
      expect(status).to.equal(2)
      expect(stdout).to.equal('')
      expect(stderr).to.match(/^error: unknown command .* \(ERR_RA_COMMAND_UNKNOWN\)\nhint: .*\n$/)
      expect(stderr).to.contain(`hint: ${hint}\n`)
    })
  }

  it('says of a flag before the command where it goes, without its value', async () => {
    for (const first of ['-region', '--region', '-region=secret']) {
      expect(await run(first, 'x')).to.deep.equal({
        status: 2,
        stdout: '',
        stderr:
          'error: --region is not a command (ERR_RA_COMMAND_UNKNOWN)\n' +
          'hint: a command comes first: rolesanywhere COMMAND --region; see --help\n',
      })
    }
  })

  it('runs a command of two words', async () => {
    expect((await run('pki', 'init', 'x')).status).to.equal(0)
  })

  it('ends with the status that a command returns', async () => {
    behaviour = async () => 7
    expect((await run('greet', 'x')).status).to.equal(7)
  })

  for (const code of [
    'ERR_RA_FLAG_UNKNOWN',
    'ERR_RA_SETTING_MISSING',
    'ERR_RA_KEY_MISMATCH',
    'ERR_RA_SESSION_DENIED',
    'ERR_RA_SESSION_TIMEOUT',
  ] satisfies ErrorCode[]) {
    it(`reports ${code} on two lines and ends with the status of its kind`, async () => {
      behaviour = async () => {
        throw new RolesAnywhereError(code, 'it failed', { hint: 'mend it' })
      }
      const { status, stdout, stderr } = await run('greet', 'x')
      expect(status).to.equal(EXIT_STATUS[KIND_OF[code]])
      expect(stdout).to.equal('')
      expect(stderr).to.equal(`error: it failed (${code})\nhint: mend it\n`)
    })
  }

  it('says an error and its hint in a line each, whatever a path in them holds', async () => {
    behaviour = async () => {
      const hint = 'look into "a\r\nb"'
      throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', 'no "\u001b[31m\n\u009b"', { hint })
    }
    const { stderr } = await run('greet', 'world')
    expect(stderr).to.equal(
      'error: no "?[31m??" (ERR_RA_FILE_UNREADABLE)\nhint: look into "a??b"\n',
    )
  })

  it('calls any other error a bug', async () => {
    behaviour = async () => {
      throw new Error('unforeseen')
    }
    const { status, stderr } = await run('greet', 'x')
    expect(status).to.equal(1)
    expect(stderr).to.match(/^error: this is a bug: Error: unforeseen\n/)
  })

  it('keeps the exit statuses apart', () => {
    expect(new Set(Object.values(EXIT_STATUS)).size).to.equal(Object.keys(EXIT_STATUS).length)
  })
})

describe('COMMANDS', () => {
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    it(`has a loadable "${name}" whose help has one summary and a working example`, async () => {
      const command = await load()
      expect(command.usage).to.match(new RegExp(`^${name}( |$)`))
      expect(command.example).to.match(new RegExp(`^${name}( |$)`))
      expect(command.summary).to.equal(summary)
      expect(summary).to.match(/^[A-Z].*[^.]$/)
    })
  }
})
