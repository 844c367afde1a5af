import { expect } from 'chai'
import { type KubeObject, RESOURCES } from '../../../../sidecar/kube/objects.js'
import { type KubeFixture, startKube } from '../../../support/kube.js'
import { rejectsWithCode } from '../../../support/rejects.js'

interface ConfigMap extends KubeObject {
  readonly data?: Record<string, string>
}

const { configMaps, secrets, namespaces } = RESOURCES
const COLLECTION = 'api/v1/configmaps'
const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

describe('createKubeClient', () => {
  let kube: KubeFixture
  beforeEach(async () => {
    kube = await startKube()
  })
  afterEach(async () => kube.close())

  it('creates, reads, replaces, patches and deletes', async () => {
    const { client } = kube
    const made = await client.create(configMaps, configMap('one', { a: '1' }))
    expect(made.metadata.uid).to.be.a('string')
    const replaced = await client.replace(configMaps, { ...made, data: { a: '2' } })
    const key = { namespace: 'default', name: 'one' }
    expect(await client.get<ConfigMap>(configMaps, key)).to.deep.equal(replaced)
    const patched = await client.patch<ConfigMap>(configMaps, key, 'application/json-patch+json', [
      { op: 'test', path: '/data/a', value: '2' },
      { op: 'replace', path: '/data/a', value: '3' },
    ])
    expect(patched.data).to.deep.equal({ a: '3' })
    expect(patched.metadata.uid).to.equal(made.metadata.uid)
    await client.delete(configMaps, key)
    await rejectsWithCode(client.get(configMaps, key), 'ERR_RA_KUBE_NOT_FOUND')
  })

  it('keeps fields that it does not know', async () => {
    kube.server.put(COLLECTION, {
      ...configMap('one'),
      metadata: { name: 'one', namespace: 'default', managedFields: [{ manager: 'someone' }] },
      fieldOfTomorrow: { deep: [1, 2] },
    } as never)
    const read = await kube.client.get(configMaps, { namespace: 'default', name: 'one' })
    await kube.client.replace(configMaps, { ...read, data: { a: '1' } } as ConfigMap)
    const held = kube.server.get(COLLECTION, 'one', 'default')
    expect(held?.['fieldOfTomorrow']).to.deep.equal({ deep: [1, 2] })
    expect(held?.metadata['managedFields']).to.deep.equal([{ manager: 'someone' }])
  })

  it('refuses to write over a newer version', async () => {
    const { client, server } = kube
    const read = await client.create(configMaps, configMap('one'))
    server.put(COLLECTION, configMap('one', { by: 'another' }) as never)
    await rejectsWithCode(client.replace(configMaps, read), 'ERR_RA_KUBE_CONFLICT')
    await rejectsWithCode(client.create(configMaps, configMap('one')), 'ERR_RA_KUBE_CONFLICT')
    const old = { resourceVersion: read.metadata.resourceVersion ?? '' }
    const key = { namespace: 'default', name: 'one' }
    await rejectsWithCode(client.delete(configMaps, key, old), 'ERR_RA_KUBE_CONFLICT')
  })

  for (const { status, code } of [
    { status: 401, code: 'ERR_RA_KUBE_UNAUTHORIZED' },
    { status: 403, code: 'ERR_RA_KUBE_FORBIDDEN' },
    { status: 429, code: 'ERR_RA_KUBE_UNAVAILABLE' },
    { status: 500, code: 'ERR_RA_KUBE_UNAVAILABLE' },
    { status: 503, code: 'ERR_RA_KUBE_UNAVAILABLE' },
  ] as const) {
    it(`makes ${code} of HTTP ${status}`, async () => {
      kube.server.faults.push({ match: /GET/, answer: status })
      const error = await rejectsWithCode(kube.client.list(namespaces), code)
      expect(error.message).to.include(`HTTP ${status}`)
    })
  }

  it('says that the server cannot be reached', async () => {
    kube.server.faults.push({ match: /GET/, answer: 'reset' })
    await rejectsWithCode(kube.client.list(namespaces), 'ERR_RA_KUBE_UNREACHABLE')
  })

  it('does not repeat what was sent in the error of a refused object', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'Not A Name', namespace: 'default' },
      data: { password: 'aHVudGVyMg==' },
    }
    const error = await rejectsWithCode(
      kube.client.create(secrets, secret as KubeObject),
      'ERR_RA_KUBE_INVALID',
    )
    expect(JSON.stringify([error.message, error.hint])).not.to.include('aHVudGVyMg')
  })

  it('asks for metadata alone', async () => {
    kube.server.put(COLLECTION, configMap('one', { big: 'text' }) as never)
    const { items } = await kube.client.list<ConfigMap>(configMaps, { metadataOnly: true })
    expect(items.map(({ data }) => data)).to.deep.equal([undefined])
  })

  it('asks for what kubectl prints of a Secret, and for nothing else', async () => {
    kube.server.put('api/v1/secrets', {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
      metadata: { name: 'one', namespace: 'default' },
      data: { a: 'eA==', b: 'eA==' },
    })
    const key = { namespace: 'default', name: 'one' }
    const columns = await kube.client.columns(secrets, key)
    expect(columns).to.include({ Name: 'one', Type: 'Opaque', Data: 2 })
    expect(kube.server.requests.at(-1)?.query.get('includeObject')).to.equal('None')
    await rejectsWithCode(
      kube.client.columns(secrets, { ...key, name: 'other' }),
      'ERR_RA_KUBE_NOT_FOUND',
    )
  })

  it('does not let a name lead elsewhere', async () => {
    await rejectsWithCode(
      kube.client.get(configMaps, { namespace: 'default', name: '../secrets/x?y' }),
      'ERR_RA_KUBE_NOT_FOUND',
    )
    expect(kube.server.requests.at(-1)?.path).to.equal(
      '/api/v1/namespaces/default/configmaps/..%2Fsecrets%2Fx%3Fy',
    )
  })

  it('reads the version of the server', async () => {
    expect(await kube.client.serverVersion()).to.deep.equal({ major: 1, minor: 34 })
  })
})
