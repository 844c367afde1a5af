import { expect } from 'chai'
import { createEventRecorder, type EventRecorder } from '../../../../sidecar/kube/event-recorder.js'
import { silentLogger } from '../../../../src/log.js'
import { type KubeFixture, startKube } from '../../../support/kube.js'
import { ManualClock } from '../../../support/manual-clock.js'

const EVENTS = 'apis/events.k8s.io/v1/events'
const POD = { apiVersion: 'v1', kind: 'Pod', namespace: 'team', name: 'web' }
const REFUSED = { type: 'Warning', reason: 'Refused', action: 'Inject', note: 'why' } as const

describe('createEventRecorder', () => {
  let kube: KubeFixture
  let clock: ManualClock
  let recorder: EventRecorder

  beforeEach(async () => {
    kube = await startKube()
    clock = new ManualClock()
    let count = 0
    recorder = createEventRecorder({
      client: kube.client,
      clock,
      log: silentLogger,
      controller: 'rolesanywhere.io/injector',
      instance: 'injector-1',
      randomId: () => String(count++),
    })
  })
  afterEach(async () => kube.close())

  it('records an event beside its object', async () => {
    recorder.record(POD, REFUSED)
    await recorder.flush()
    const [event] = kube.server.all(EVENTS)
    expect(event?.metadata.namespace).to.equal('team')
    expect(event).to.include({ reason: 'Refused', note: 'why', type: 'Warning' })
    expect(event?.['eventTime']).to.equal('2026-01-01T00:00:00.000000Z')
  })

  it('tells the same once in ten minutes', async () => {
    for (let n = 0; n < 50; n++) recorder.record(POD, REFUSED)
    await recorder.flush()
    expect(kube.server.all(EVENTS)).to.have.length(1)
    await clock.advance(10 * 60_000)
    recorder.record(POD, REFUSED)
    await recorder.flush()
    expect(kube.server.all(EVENTS)).to.have.length(2)
  })

  it('does not fail when the server refuses', async () => {
    kube.server.faults.push({ match: /POST/, answer: 403 })
    recorder.record(POD, REFUSED)
    await recorder.flush()
    expect(kube.server.all(EVENTS)).to.have.length(0)
  })
})
