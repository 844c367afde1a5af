import { expect } from 'chai'
import { createMetadataTokens } from '../../../../sidecar/server/imds-tokens.js'
import { ManualClock } from '../../../support/manual-clock.js'

describe('createMetadataTokens', () => {
  let clock: ManualClock
  beforeEach(() => (clock = new ManualClock()))

  it('issues different tokens of 256 bits, fit for a header', () => {
    const tokens = createMetadataTokens(clock)
    const [one, two] = [tokens.issue(60), tokens.issue(60)]
    expect(one).to.match(/^[\w-]{43}$/)
    expect(one).to.not.equal(two)
  })

  it('counts down the life of a token and ends it', async () => {
    const tokens = createMetadataTokens(clock)
    const token = tokens.issue(2)
    expect(tokens.secondsLeft(token)).to.equal(2)
    await clock.advance(1001)
    expect(tokens.secondsLeft(token)).to.equal(1)
    await clock.advance(999)
    expect(tokens.secondsLeft(token)).to.equal(undefined)
  })

  it('goes by a clock that nobody sets', () => {
    const tokens = createMetadataTokens(clock)
    const token = tokens.issue(60)
    clock.jump(86_400_000)
    expect(tokens.secondsLeft(token)).to.equal(60)
  })

  for (const token of ['', 'x', 'x'.repeat(10_000), '__proto__']) {
    it(`knows no token ${token.slice(0, 10)}`, () => {
      expect(createMetadataTokens(clock).secondsLeft(token)).to.equal(undefined)
    })
  }

  it('drops the oldest of 1024 for a new one', () => {
    const tokens = createMetadataTokens(clock)
    const issued = Array.from({ length: 1025 }, () => tokens.issue(60))
    const good = issued.filter((token) => tokens.secondsLeft(token) !== undefined)
    expect(good).to.deep.equal(issued.slice(1))
  })

  it('drops expired ones first', async () => {
    const tokens = createMetadataTokens(clock)
    const oldest = tokens.issue(3600)
    for (let count = 1; count < 1024; count++) tokens.issue(1)
    await clock.advance(1000)
    for (let count = 0; count < 1023; count++) tokens.issue(60)
    expect(tokens.secondsLeft(oldest)).to.equal(3599)
  })
})
