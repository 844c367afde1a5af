import { expect } from 'chai'
import { readCommandFlags } from '../../../tools/command-flags.js'

describe('readCommandFlags', () => {
  it('knows the flags of the program, of settings and of one command', async () => {
    const flags = await readCommandFlags()
    expect(flags.get('')).to.include('help').and.to.include('log-level')
    expect(flags.get('serve')).to.include('role-arn').and.to.include('listen')
    expect(flags.get('credential-process')).to.include('role-arn').and.not.to.include('listen')
  })

  it('knows what is refused, since documents say why', async () => {
    expect((await readCommandFlags()).get('(refused)')).to.include('pkcs8-password')
  })
})
