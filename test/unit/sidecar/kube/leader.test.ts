import { expect } from 'chai'
import { keepElecting, type Leadership } from '../../../../sidecar/kube/leader.js'
import { RESOURCES } from '../../../../sidecar/kube/objects.js'
import { silentLogger } from '../../../../src/log.js'
import { eventually } from '../../../support/eventually.js'
import { type KubeFixture, startKube } from '../../../support/kube.js'
import { ManualClock } from '../../../support/manual-clock.js'

const LEASES = 'apis/coordination.k8s.io/v1/leases'

describe('keepElecting', () => {
  let kube: KubeFixture
  let clock: ManualClock
  let candidates: Leadership[]
  const terms = new Map<string, AbortSignal[]>()

  const join = (identity: string): Leadership => {
    terms.set(identity, [])
    const candidate = keepElecting(
      { namespace: 'system', name: 'rolesanywhere', identity },
      (signal) => terms.get(identity)?.push(signal),
      { client: kube.client, clock, random: () => 0.5, log: silentLogger },
    )
    candidates.push(candidate)
    return candidate
  }
  const holder = (): unknown =>
    (kube.server.get(LEASES, 'rolesanywhere', 'system')?.['spec'] as { holderIdentity?: string })
      ?.holderIdentity
  const until = async (condition: () => boolean, stepMs = 500): Promise<void> => {
    await eventually(async () => {
      if (condition()) return true
      await clock.advance(stepMs)
      return undefined
    })
  }

  beforeEach(async () => {
    kube = await startKube()
    clock = new ManualClock()
    candidates = []
    terms.clear()
  })
  afterEach(async () => {
    kube.server.faults.length = 0
    await Promise.all(candidates.map(async (candidate) => candidate.stop()))
    await kube.close()
  })

  it('elects one of several, and keeps to it', async () => {
    const all = ['a', 'b', 'c'].map(join)
    await until(() => all.some((candidate) => candidate.leading()))
    const first = holder()
    await clock.advance(60_000)
    expect(all.filter((candidate) => candidate.leading())).to.have.length(1)
    expect(holder()).to.equal(first)
  })

  it('hands over at once when the leader stops', async () => {
    const one = join('one')
    await until(() => one.leading())
    const two = join('two')
    await until(() => clock.sleeping >= 4, 0)
    await one.stop()
    expect(terms.get('one')?.[0]?.aborted).to.equal(true)
    expect(holder()).to.equal('')
    const before = clock.monotonicMs()
    await until(() => two.leading())
    expect(clock.monotonicMs() - before).to.be.at.most(5_000)
  })

  it('takes over from a leader that died, and not sooner than its lease ends', async () => {
    await kube.client.create(RESOURCES.leases, {
      metadata: { namespace: 'system', name: 'rolesanywhere' },
      spec: { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00Z' },
    } as never)
    const one = join('one')
    await until(() => one.leading(), 250)
    expect(clock.monotonicMs()).to.be.within(15_000, 20_000)
  })

  it('stops leading before another may start, when it cannot renew', async () => {
    const one = join('one')
    await until(() => one.leading())
    const cutAt = clock.monotonicMs()
    kube.server.faults.push({ match: /./, answer: 'hang', times: 1_000_000 })
    await until(() => !one.leading(), 250)
    expect(terms.get('one')?.[0]?.aborted).to.equal(true)
    expect(clock.monotonicMs() - cutAt).to.be.below(15_000)
  })

  it('leads again after an outage that nobody used', async () => {
    const one = join('one')
    await until(() => one.leading())
    const fault = { match: /./, answer: 503 as const, times: 1_000_000 }
    kube.server.faults.push(fault)
    await until(() => !one.leading())
    fault.times = 0
    await until(() => one.leading())
    expect(terms.get('one')).to.have.length(2)
  })
})
