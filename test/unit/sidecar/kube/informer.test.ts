import { expect } from 'chai'
import { type Change, type Informer, keepInformed } from '../../../../sidecar/kube/informer.js'
import { type KubeObject, RESOURCES } from '../../../../sidecar/kube/objects.js'
import { type LogFields, silentLogger } from '../../../../src/log.js'
import { systemClock } from '../../../../src/system-clock.js'
import { eventually } from '../../../support/eventually.js'
import { type KubeFixture, startKube } from '../../../support/kube.js'

const ACCOUNTS = 'api/v1/serviceaccounts'
const account = (name: string, annotations: Record<string, string> = {}): never =>
  ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'team', annotations },
  }) as never

describe('keepInformed', () => {
  let kube: KubeFixture
  let informer: Informer<string> | undefined
  let warnings: (LogFields | undefined)[]
  let changes: Change<string>[]

  const start = (): Informer<string> => {
    warnings = []
    changes = []
    const log = {
      ...silentLogger,
      warn: (_message: string, fields?: LogFields) => warnings.push(fields),
    }
    informer = keepInformed(
      {
        resource: RESOURCES.serviceAccounts,
        metadataOnly: true,
        keep: ({ metadata }: KubeObject) => metadata.annotations?.['role'] ?? '',
      },
      // The shortest of all waits, so that tests do not sleep.
      { client: kube.client, clock: systemClock, random: () => 0, log },
    )
    informer.onChange((change) => changes.push(change))
    return informer
  }
  const watching = async (): Promise<void> => {
    await eventually(() => (kube.server.watchers() > 0 ? true : undefined))
  }
  const value = async (name: string, expected: string | undefined): Promise<void> => {
    await eventually(() => (informer?.get('team', name) === expected ? true : undefined))
  }

  beforeEach(async () => {
    kube = await startKube()
  })
  afterEach(async () => {
    await informer?.stop()
    informer = undefined
    await kube.close()
  })

  it('reads all pages, then follows changes', async () => {
    for (let n = 0; n < 1201; n++) kube.server.put(ACCOUNTS, account(`sa-${n}`))
    const running = start()
    expect(running.synced()).to.equal(false)
    await running.ready
    expect(running.size()).to.equal(1201)
    expect(kube.server.requests.filter(({ method }) => method === 'GET')).to.have.length(3)
    await watching()
    kube.server.put(ACCOUNTS, account('new', { role: 'a' }))
    await value('new', 'a')
    kube.server.put(ACCOUNTS, account('new', { role: 'b' }))
    await value('new', 'b')
    kube.server.remove(ACCOUNTS, 'new', 'team')
    await value('new', undefined)
    expect(changes.slice(-3)).to.deep.equal([
      { namespace: 'team', name: 'new', after: 'a' },
      { namespace: 'team', name: 'new', before: 'a', after: 'b' },
      { namespace: 'team', name: 'new', before: 'b' },
    ])
  })

  for (const how of ['clean', 'reset', 'gone'] as const) {
    it(`misses nothing when its watch ends (${how})`, async () => {
      kube.server.put(ACCOUNTS, account('old', { role: 'a' }))
      await start().ready
      await watching()
      kube.server.endWatches(how)
      kube.server.put(ACCOUNTS, account('new', { role: 'b' }))
      kube.server.remove(ACCOUNTS, 'old', 'team')
      await value('new', 'b')
      await value('old', undefined)
    })
  }

  it('lists again when its version is too old, and notices what vanished', async () => {
    kube.server.put(ACCOUNTS, account('old', { role: 'a' }))
    kube.server.put(ACCOUNTS, account('stays', { role: 'a' }))
    await start().ready
    await watching()
    kube.server.faults.push({ match: /^WATCH/, answer: 503, times: 2 })
    kube.server.endWatches('reset')
    kube.server.remove(ACCOUNTS, 'old', 'team')
    kube.server.put(ACCOUNTS, account('new', { role: 'b' }))
    kube.server.compact()
    await value('new', 'b')
    expect(informer?.get('team', 'old')).to.equal(undefined)
    expect(informer?.get('team', 'stays')).to.equal('a')
    expect(kube.server.requests.map(({ status }) => status)).to.include(410)
  })

  it('starts over when the pages of a list have expired', async () => {
    for (let n = 0; n < 600; n++) kube.server.put(ACCOUNTS, account(`sa-${n}`))
    kube.server.faults.push({ match: /continue=/, answer: 410, times: 1 })
    await start().ready
    expect(informer?.size()).to.equal(600)
  })

  it('goes on trying while it is forbidden, and says so once', async () => {
    kube.server.faults.push({ match: /serviceaccounts/, answer: 403, times: 4 })
    await start().ready
    expect(informer?.synced()).to.equal(true)
    expect(warnings).to.have.length(1)
    expect(String(warnings[0]?.['error'])).to.include('HTTP 403')
  })

  it('keeps its copy while the server is away', async () => {
    kube.server.put(ACCOUNTS, account('one', { role: 'a' }))
    await start().ready
    await watching()
    const fault = { match: /./, answer: 500 as const, times: 1_000_000 }
    kube.server.faults.push(fault)
    kube.server.endWatches('reset')
    await eventually(() => ((informer?.failures() ?? 0) > 2 ? true : undefined))
    expect(informer?.get('team', 'one')).to.equal('a')
    fault.times = 0
    kube.server.put(ACCOUNTS, account('one', { role: 'b' }))
    await value('one', 'b')
    expect(informer?.failures()).to.equal(0)
  })

  it('lives on when a listener throws', async () => {
    const running = start()
    running.onChange(() => {
      throw new Error('a bug of the listener')
    })
    kube.server.put(ACCOUNTS, account('one', { role: 'a' }))
    await value('one', 'a')
  })
})
