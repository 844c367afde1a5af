import { expect } from 'chai'
import { createWorkQueue, type WorkQueue } from '../../../../sidecar/pull-secrets/work-queue.js'
import { ManualClock } from '../../../support/manual-clock.js'

describe('createWorkQueue', () => {
  let clock: ManualClock
  let worked: string[]
  let failing: boolean
  let queue: WorkQueue
  const held: (() => void)[] = []

  const start = (parallel: number, hold = false): void => {
    queue = createWorkQueue({
      work: async (key) => {
        worked.push(key)
        if (hold) await new Promise<void>((resolve) => held.push(resolve))
        if (failing) throw new Error('no')
      },
      onError: () => {},
      parallel,
      clock,
      random: () => 0.5,
    })
  }

  beforeEach(() => {
    clock = new ManualClock()
    worked = []
    failing = false
    held.length = 0
  })
  afterEach(async () => queue.stop())

  it('lets what somebody waits for overtake the rest', async () => {
    start(1, true)
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
    queue.addFirst('new')
    queue.addFirst('c')
    expect(queue.size()).to.equal(5)
    const idle = queue.idle()
    while (queue.size() > 0) {
      held.shift()?.()
      await Promise.resolve()
    }
    await idle
    expect(worked).to.deep.equal(['a', 'new', 'c', 'b', 'd'])
  })

  it('tries a failure again in its own time, however often it was added', async () => {
    start(1)
    failing = true
    for (let n = 0; n < 10; n++) {
      queue.add('a')
      await clock.advance(0)
    }
    expect(worked).to.have.length(10)
    // At most one more try for each pause, which is 15 seconds by now, and not ten.
    await clock.advance(300_000)
    expect(worked.length).to.be.within(20, 35)
    expect(queue.size()).to.equal(1)
  })
})
