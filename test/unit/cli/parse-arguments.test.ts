import { expect } from 'chai'
import fc from 'fast-check'
import type { Flag } from '../../../src/cli/command.js'
import { parseArguments } from '../../../src/cli/parse-arguments.js'
import { UNSUPPORTED_FLAGS } from '../../../src/cli/unsupported-flags.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { throwsWithCode } from '../../support/rejects.js'

const FLAGS: readonly Flag[] = [
  { name: 'region', value: 'REGION', help: '' },
  { name: 'role', value: 'NAME=ARN', repeatable: true, help: '' },
  { name: 'debug', help: '' },
]
const parse = (args: readonly string[], max = 0) =>
  parseArguments({ usage: 'test', arguments: { min: 0, max } }, FLAGS, args)

describe('parseArguments', () => {
  for (const args of [
    ['--region', 'eu-west-1'],
    ['--region=eu-west-1'],
    ['--region=first', '--region', 'eu-west-1'],
  ]) {
    it(`reads ${args.join(' ')}`, () => {
      expect(parse(args).flags.get('region')).to.equal('eu-west-1')
    })
  }

  it('collects a repeatable flag, and keeps what looks like a flag inside a value', () => {
    const { flags } = parse(['--role', 'a=1', '--role=b=2'])
    expect(flags.all('role')).to.deep.equal(['a=1', 'b=2'])
    expect(parse(['--region=--debug']).flags.get('region')).to.equal('--debug')
  })

  it('takes no other flag for the value of one', () => {
    throwsWithCode(() => parse(['--region', '--debug']), 'ERR_RA_FLAG_INVALID')
    throwsWithCode(() => parse(['--region', '--role=a=1'], 1), 'ERR_RA_FLAG_INVALID')
    expect(parse(['--region', '--none']).flags.get('region')).to.equal('--none')
    expect(parse(['--region', '-1']).flags.get('region')).to.equal('-1')
  })

  for (const { args, on } of [
    { args: ['--debug'], on: true },
    { args: ['--debug=true'], on: true },
    { args: ['--debug=false'], on: false },
    { args: [], on: false },
  ]) {
    it(`takes "${args.join(' ')}" as ${on ? 'on' : 'off'}`, () => {
      expect(parse(args).flags.has('debug')).to.equal(on)
    })
  }

  it('takes everything after -- as arguments', () => {
    expect(parse(['--debug', '--', '--region', 'x'], 2).positionals).to.deep.equal([
      '--region',
      'x',
    ])
  })

  for (const { args, code, hint } of [
    { args: ['--regoin', 'x'], code: 'ERR_RA_FLAG_UNKNOWN', hint: 'did you mean --region?' },
    { args: ['-region', 'x'], code: 'ERR_RA_FLAG_UNKNOWN', hint: 'did you mean --region?' },
    { args: ['-regoin=x'], code: 'ERR_RA_FLAG_UNKNOWN', hint: 'did you mean --region?' },
    { args: ['--zzz'], code: 'ERR_RA_FLAG_UNKNOWN', hint: 'see --help' },
    { args: ['-r'], code: 'ERR_RA_FLAG_UNKNOWN', hint: undefined },
    { args: ['--region'], code: 'ERR_RA_FLAG_INVALID', hint: 'write --region REGION' },
    { args: ['--debug=maybe'], code: 'ERR_RA_FLAG_INVALID', hint: undefined },
    { args: ['surplus'], code: 'ERR_RA_ARGUMENT_INVALID', hint: 'usage: rolesanywhere test' },
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      const error = throwsWithCode(() => parse(args), code)
      expect(error.kind).to.equal('usage')
      if (hint !== undefined) expect(error.hint).to.equal(hint)
    })
  }

  it('refuses key stores and passwords on the command line, and never repeats a password', () => {
    for (const name of Object.keys(UNSUPPORTED_FLAGS)) {
      for (const args of [[`--${name}`, 'hunter2'], [`--${name}=hunter2`]]) {
        const error = throwsWithCode(() => parse(args, 9), 'ERR_RA_FLAG_UNSUPPORTED')
        expect(`${error.message} ${error.hint ?? ''}`).to.not.contain('hunter2')
      }
    }
  })

  it('throws nothing but coded errors, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--', '--region', '--debug', '-', '--='))),
        (args) => {
          try {
            parse(args)
          } catch (error) {
            expect(error).to.be.instanceOf(RolesAnywhereError)
          }
        },
      ),
    )
  })
})
