import { expect } from 'chai'
import { acceptedTokens } from '../../../../sidecar/server/accepted-tokens.js'
import { ManualClock } from '../../../support/manual-clock.js'

const HOUR_MS = 60 * 60_000

describe('acceptedTokens', () => {
  it('ends the grace of each token an hour after it was replaced', async () => {
    const clock = new ManualClock()
    const accepted = acceptedTokens('a', clock)
    accepted.replace('b')
    await clock.advance(HOUR_MS / 2)
    accepted.replace('c')
    expect(accepted.all()).to.deep.equal(['c', 'a', 'b'])
    await clock.advance(HOUR_MS / 2)
    expect(accepted.all()).to.deep.equal(['c', 'b'])
    await clock.advance(HOUR_MS / 2)
    expect(accepted.all()).to.deep.equal(['c'])
  })

  it('lists a token once that comes back into use', () => {
    const accepted = acceptedTokens('a', new ManualClock())
    accepted.replace('b')
    accepted.replace('a')
    expect(accepted.all()).to.deep.equal(['a', 'b'])
  })

  it('stays small however often the token is replaced', () => {
    const accepted = acceptedTokens('0', new ManualClock())
    for (let count = 1; count <= 1000; count++) accepted.replace(String(count))
    expect(accepted.all()).to.have.length(17)
    expect(accepted.all()[0]).to.equal('1000')
  })

  it('is not moved by someone who sets the clock', () => {
    const clock = new ManualClock()
    const accepted = acceptedTokens('a', clock)
    accepted.replace('b')
    clock.jump(10 * HOUR_MS)
    expect(accepted.all()).to.deep.equal(['b', 'a'])
  })
})
