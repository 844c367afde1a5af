import { expect } from 'chai'
import { connect } from '../../sidecar/kube/connection.js'
import { createKubeClient } from '../../sidecar/kube/client.js'
import { createEventRecorder } from '../../sidecar/kube/event-recorder.js'
import { keepInformed } from '../../sidecar/kube/informer.js'
import { keepElecting } from '../../sidecar/kube/leader.js'
import { type KubeObject, RESOURCES } from '../../sidecar/kube/objects.js'
import { silentLogger } from '../../src/log.js'
import { systemClock } from '../../src/system-clock.js'
import { eventually } from '../support/eventually.js'
import { rejectsWithCode } from '../support/rejects.js'
import { realCluster } from './cluster.js'

const account = (name: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default', annotations },
})

describe('the port to the API server, against a real one', () => {
  const cluster = realCluster()

  it('follows a collection over pages, changes and a restart of the server', async () => {
    const { admin } = cluster.plane
    for (let n = 0; n < 520; n++) await admin.create(RESOURCES.serviceAccounts, account(`sa-${n}`))
    const informer = keepInformed(
      {
        resource: RESOURCES.serviceAccounts,
        metadataOnly: true,
        keep: ({ metadata }: KubeObject) => metadata.annotations?.['role'] ?? '',
      },
      { client: admin, clock: systemClock, random: () => 0, log: silentLogger },
    )
    try {
      await informer.ready
      expect(informer.size()).to.be.at.least(520)
      const made = await admin.create(RESOURCES.serviceAccounts, account('new', { role: 'a' }))
      await eventually(() => (informer.get('default', 'new') === 'a' ? true : undefined))
      await cluster.plane.restart()
      const { metadata } = made
      const changed = { ...made, metadata: { ...metadata, annotations: { role: 'b' } } }
      await admin.replace(RESOURCES.serviceAccounts, changed)
      await admin.delete(RESOURCES.serviceAccounts, { namespace: 'default', name: 'sa-1' })
      await eventually(() => (informer.get('default', 'new') === 'b' ? true : undefined))
      await eventually(() => (informer.get('default', 'sa-1') === undefined ? true : undefined))
      await rejectsWithCode(admin.replace(RESOURCES.serviceAccounts, made), 'ERR_RA_KUBE_CONFLICT')
    } finally {
      await informer.stop()
    }
  })

  it('elects a leader, and hands over', async () => {
    const { admin } = cluster.plane
    const join = (identity: string): ReturnType<typeof keepElecting> =>
      keepElecting({ namespace: 'default', name: 'test', identity }, () => {}, {
        client: admin,
        clock: systemClock,
        random: () => 0,
        log: silentLogger,
      })
    const one = join('one')
    await eventually(() => (one.leading() ? true : undefined))
    const two = join('two')
    try {
      await one.stop()
      await eventually(() => (two.leading() ? true : undefined))
    } finally {
      await two.stop()
    }
  })

  it('records events that the server takes', async () => {
    const { admin } = cluster.plane
    const failures: unknown[] = []
    const recorder = createEventRecorder({
      client: admin,
      clock: systemClock,
      log: { ...silentLogger, debug: (_message, fields) => failures.push(fields) },
      controller: 'rolesanywhere.io/test',
      instance: 'test-1',
      randomId: () => 'x1',
    })
    const event = { type: 'Warning', reason: 'Refused', action: 'Test', note: 'a note' } as const
    recorder.record({ apiVersion: 'v1', kind: 'Namespace', name: 'default' }, event)
    recorder.record({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'p' }, event)
    await recorder.flush()
    expect(failures).to.deep.equal([])
  })

  it('is told what a service account may not do', async () => {
    const kubeconfig = await cluster.plane.kubeconfigOf('default', 'sa-2')
    const client = createKubeClient(connect({ kubeconfig }), {
      clock: systemClock,
      userAgent: 'test',
    })
    const error = await rejectsWithCode(client.list(RESOURCES.secrets), 'ERR_RA_KUBE_FORBIDDEN')
    expect(error.message).to.include('system:serviceaccount:default:sa-2')
    client.close()
  })
})
