import { expect } from 'chai'
import { pacedLooks } from '../../../../sidecar/server/paced-looks.js'
import { ManualClock, settle } from '../../../support/manual-clock.js'

describe('pacedLooks', () => {
  let clock: ManualClock
  let ending: AbortController
  let begun: number
  let end: (() => void)[]

  beforeEach(() => {
    clock = new ManualClock()
    ending = new AbortController()
    begun = 0
    end = []
  })

  /** Looks that end when told. */
  const slow = async (): Promise<void> => {
    begun++
    await new Promise<void>((resolve) => end.push(resolve))
  }
  const quick = async (): Promise<void> => void begun++
  const looks = (look: () => Promise<void>) => pacedLooks(look, { clock, signal: ending.signal })

  it('looks at once, one time for all who ask before it begins', async () => {
    const { next } = looks(quick)
    const asked = Array.from({ length: 100 }, next)
    await settle()
    expect(begun).to.equal(1)
    expect(asked.every(({ aborted }) => aborted)).to.equal(true)
    expect(clock.sleeping).to.equal(0)
  })

  it('looks again for who asks while a look is under way, once for all of them', async () => {
    const { next } = looks(slow)
    const first = next()
    await settle()
    const later = [next(), next()]
    await clock.advance(10_000)
    expect(begun, 'one at a time').to.equal(1)
    end[0]?.()
    await settle()
    expect(first.aborted).to.equal(true)
    expect(begun).to.equal(2)
    expect(later.map(({ aborted }) => aborted)).to.deep.equal([false, false])
    end[1]?.()
    await settle()
    expect(later.map(({ aborted }) => aborted)).to.deep.equal([true, true])
  })

  it('looks at most ten times a second, whoever asks', async () => {
    const { next } = looks(quick)
    let answered = 0
    for (let ms = 0; ms < 2_000; ms += 5) {
      next().addEventListener('abort', () => answered++)
      await clock.advance(5)
    }
    await clock.advance(100)
    expect(begun).to.be.within(20, 21)
    expect(answered).to.equal(400)
  })

  it('says nothing when hundreds listen', async () => {
    const warnings: string[] = []
    const note = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', note)
    const { next } = looks(slow)
    for (let index = 0; index < 300; index++) next().addEventListener('abort', () => {})
    await settle()
    process.off('warning', note)
    expect(warnings).to.deep.equal([])
  })

  it('takes no look after its end, and keeps nobody waiting', async () => {
    const { next } = looks(quick)
    next()
    await settle()
    const asked = next()
    ending.abort()
    await settle()
    expect(asked.aborted).to.equal(true)
    expect(begun).to.equal(1)
    expect(clock.sleeping).to.equal(0)
  })
})
