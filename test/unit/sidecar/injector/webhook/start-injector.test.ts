import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { makePair } from '../../../../../sidecar/injector/webhook/certificates/make-pair.js'
import type { ServingPair } from '../../../../../sidecar/injector/webhook/certificates/rotation.js'
import {
  type Injector,
  type InjectorOptions,
  startInjector,
} from '../../../../../sidecar/injector/webhook/start-injector.js'
import { createLogger } from '../../../../../src/log.js'
import { systemClock } from '../../../../../src/system-clock.js'
import { labelledPod, post, reviewOf } from '../../../../support/admission.js'
import { eventually } from '../../../../support/eventually.js'
import { type KubeFixture, startKube } from '../../../../support/kube.js'
import { temporaryFolder } from '../../../../support/temporary-folder.js'

const HOST = 'rolesanywhere-injector.system.svc'
const HEAD = 'apiVersion: rolesanywhere.io/v1alpha1\nkind: InjectorConfiguration\n'
const ANY_PORT = { host: '127.0.0.1', port: 0 }
const ACCOUNTS = 'api/v1/serviceaccounts'
const NAMESPACES = 'api/v1/namespaces'
const EVENTS = 'apis/events.k8s.io/v1/events'
const WEBHOOKS = 'apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const ROLE = 'arn:aws:iam::123456789012:role/web'
const ANCHOR =
  'arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/3c1f1f5e-0000-4000-8000-000000000001'
const PROFILE =
  'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/3c1f1f5e-0000-4000-8000-000000000002'

describe('startInjector', () => {
  const folder = temporaryFolder()
  let pair: ServingPair
  let kube: KubeFixture
  let injector: Injector | undefined
  let lines: string[]

  const annotate = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([k, v]) => [`rolesanywhere.io/${k}`, v]))

  const put = (collection: string, object: object): void => {
    kube.server.put(collection, object as never)
  }
  const account = (annotations: Record<string, string>, name = 'web'): void => {
    put(ACCOUNTS, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: 'team', annotations: annotate(annotations) },
    })
  }
  const files = (): InjectorOptions['certificate'] => ({
    files: { certificate: join(folder.path, 'tls.crt'), privateKey: join(folder.path, 'tls.key') },
  })
  const writePair = async ({ certificate, privateKey }: ServingPair): Promise<void> => {
    await writeFile(join(folder.path, 'tls.crt'), certificate)
    await writeFile(join(folder.path, 'tls.key'), privateKey)
  }
  const start = async (more: Partial<InjectorOptions> = {}): Promise<Injector> => {
    injector = await startInjector(
      {
        listen: ANY_PORT,
        healthListen: ANY_PORT,
        certificate: files(),
        instance: 'injector-1',
        ...more,
      },
      {
        client: kube.client,
        clock: systemClock,
        random: () => 0,
        log: createLogger({
          component: 'injector',
          level: 'debug',
          format: 'json',
          now: () => new Date(0),
          write: (line) => lines.push(line),
        }),
      },
    )
    return injector
  }
  const started = async (more: Partial<InjectorOptions> = {}): Promise<Injector> => {
    const running = await start(more)
    await eventually(() => (running.ready() ? true : undefined))
    return running
  }

  before(async () => {
    pair = await makePair(HOST, systemClock)
  })
  beforeEach(async () => {
    lines = []
    kube = await startKube()
    put(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: 'team',
        annotations: annotate({ 'trust-anchor-arn': ANCHOR, 'profile-arn': PROFILE }),
      },
    })
    await writePair(pair)
  })
  afterEach(async () => {
    await injector?.stop()
    injector = undefined
    await kube.close()
  })

  it('injects a labelled pod with the settings of its service account and namespace', async () => {
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const { url } = await started()
    const { status, body } = await post(url, reviewOf(labelledPod()), {
      ca: pair.authority,
      servername: HOST,
    })
    expect(status).to.equal(200)
    expect(body.response?.allowed, body.response?.status?.message).to.equal(true)
    expect(body.response).to.include({ uid: 'e1a2', patchType: 'JSONPatch' })
    const patch = Buffer.from(body.response?.patch ?? '', 'base64').toString()
    expect(patch).to.include(ROLE).and.to.include('rolesanywhere-sidecar')
    expect(patch).not.to.include('hunter2')
  })

  it('asks for a service account that the watch has not told of', async () => {
    const running = await started()
    kube.server.faults.push({ match: /^WATCH/, answer: 'hang', times: 1_000_000 })
    kube.server.endWatches('clean')
    await eventually(() => (kube.server.watchers() === 0 ? true : undefined))
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => post(running.url, reviewOf(labelledPod()))),
    )
    expect(answers.map(({ body }) => body.response?.allowed)).to.deep.equal(Array(20).fill(true))
    const lookups = kube.server.requests.filter(({ path }) => path.endsWith('/serviceaccounts/web'))
    expect(lookups.length).to.be.within(1, 20)
  })

  it('refuses for now when neither cache nor API server can tell', async () => {
    const { url } = await started()
    kube.server.faults.push({ match: /serviceaccounts\/web/, answer: 500 })
    const { body } = await post(url, reviewOf(labelledPod()))
    expect(body.response).to.include({ allowed: false })
    expect(body.response?.status?.code).to.equal(503)
  })

  it('refuses with the rule, and makes an Event of it unless it is a dry run', async () => {
    account({ 'role-arn': 'not an arn', 'certificate-secret': 'web-tls' })
    const { url } = await started()
    const dry = await post(url, reviewOf(labelledPod(), { dryRun: true }))
    expect(dry.body.response?.allowed).to.equal(false)
    const { body } = await post(url, reviewOf(labelledPod()))
    expect(body.response?.status).to.include({ code: 403 })
    expect(body.response?.status?.message).to.match(/rolesanywhere: .*\(rule [a-z-]+\)/)
    const event = await eventually(() => kube.server.all(EVENTS)[0])
    expect(event).to.deep.include({ reason: 'InjectionRefused', type: 'Warning' })
    expect(kube.server.all(EVENTS)).to.have.length(1)
  })

  it('warns of a certificate that is missing, with an Event unless it is a dry run', async () => {
    const configFile = join(folder.path, 'injector.yaml')
    await writeFile(configFile, `${HEAD}missingCertificates: warn\n`)
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const { url } = await started({ configFile })
    const dry = await post(url, reviewOf(labelledPod(), { dryRun: true }))
    const { body } = await post(url, reviewOf(labelledPod()))
    const warning =
      'there is no Secret "web-tls" in namespace team: the pod waits for it (certificate-missing)'
    for (const { response } of [dry.body, body]) {
      expect(response).to.deep.include({ allowed: true, warnings: [warning] })
    }
    const event = await eventually(() => kube.server.all(EVENTS)[0])
    expect(event).to.deep.include({ reason: 'CertificateMissing', type: 'Warning' })
    expect(kube.server.all(EVENTS)).to.have.length(1)
  })

  it('does not look for certificates unless it is told to', async () => {
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const { url } = await started()
    const { body } = await post(url, reviewOf(labelledPod()))
    expect(body.response).to.include({ allowed: true })
    expect(body.response).not.to.have.property('warnings')
    expect(kube.server.requests.filter(({ path }) => path.includes('secrets'))).to.deep.equal([])
  })

  it('leaves everything else alone', async () => {
    const { url } = await started()
    const plain = { metadata: { name: 'x' }, spec: { containers: [] } }
    for (const review of [
      reviewOf(plain),
      reviewOf(labelledPod(), { operation: 'UPDATE' }),
      reviewOf(labelledPod(), { subResource: 'ephemeralcontainers' }),
      reviewOf(labelledPod(), { resource: { group: 'apps', version: 'v1', resource: 'pods' } }),
      reviewOf(labelledPod(), { operation: 'DELETE', object: null }),
    ]) {
      const { body } = await post(url, review)
      expect(body.response).to.deep.equal({ uid: 'e1a2', allowed: true })
    }
  })

  for (const { what, body, options = {}, status } of [
    { what: 'no JSON', body: 'hunter2', status: 400 },
    { what: 'no object', body: '"hunter2"', status: 400 },
    { what: 'an empty body', body: '', status: 400 },
    { what: 'another kind', body: '{"kind":"Pod","apiVersion":"v1"}', status: 400 },
    { what: 'no request', body: reviewOf({}).replace('"request"', '"x"'), status: 400 },
    { what: 'no uid', body: reviewOf({}, { uid: undefined }), status: 400 },
    { what: 'a deep body', body: '['.repeat(200_000), status: 400 },
    { what: 'invalid UTF-8', body: Buffer.from([0xff, 0xfe, 0xfd]), status: 400 },
    { what: 'a huge body', body: Buffer.alloc(8 * 1024 * 1024 + 1, 32), status: 413 },
    { what: 'another type', body: '{}', options: { type: 'text/plain' }, status: 415 },
    { what: 'another method', body: '', options: { method: 'PUT' }, status: 405 },
    { what: 'another path', body: '{}', options: { path: '/metrics' }, status: 404 },
  ]) {
    it(`answers ${status} to ${what}, and goes on`, async () => {
      account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
      const { url } = await started()
      // A connection that is closed while a body is sent is an answer too; the next one must work.
      const answer = await post(url, body, options).catch(() => undefined)
      if (status !== 413) expect(answer?.status).to.equal(status)
      expect((await post(url, reviewOf(labelledPod()))).body.response?.allowed).to.equal(true)
      expect(lines.join('')).not.to.include('hunter2')
    })
  }

  for (const [what, pod] of [
    ['a string for a pod', 'hunter2'],
    [
      'containers that are no list',
      { metadata: { labels: { 'rolesanywhere.io/inject': 'true' } }, spec: { containers: 'x' } },
    ],
    ['a container that is null', { ...labelledPod(), spec: { containers: [null] } }],
    [
      'prototype keys',
      JSON.parse(
        '{"__proto__":{"x":1},"metadata":{"labels":{"rolesanywhere.io/inject":"true"},"constructor":1},"spec":{"containers":[{"name":"__proto__"}]}}',
      ) as object,
    ],
  ] as const) {
    it(`answers properly to ${what}`, async () => {
      const { url } = await started()
      const { status, body } = await post(url, reviewOf(pod as object))
      expect(status).to.equal(200)
      expect(body.response?.uid).to.equal('e1a2')
      expect(body.response?.status?.code ?? 403, body.response?.status?.message).to.equal(403)
    })
  }

  it('takes renewed certificate files into use, and keeps the old ones while they do not fit', async () => {
    const running = await started()
    const renewed = await makePair(HOST, systemClock)
    await writeFile(join(folder.path, 'tls.crt'), renewed.certificate)
    await eventually(() => (lines.join('').includes('not usable') ? true : undefined))
    const plain = reviewOf({ metadata: { name: 'x' }, spec: { containers: [] } })
    const old = { ca: pair.authority, servername: HOST }
    expect((await post(running.url, plain, old)).status).to.equal(200)
    await writeFile(join(folder.path, 'tls.key'), renewed.privateKey)
    await eventually(async () => {
      const now = { ca: renewed.authority, servername: HOST }
      return post(running.url, plain, now).catch(() => undefined)
    })
  })

  it('makes and publishes certificates of its own, one for all replicas', async () => {
    const secret = { namespace: 'system', name: 'injector-tls' }
    put('api/v1/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: secret, type: 'Opaque' })
    const entry = (name: string): object => ({ name, clientConfig: { service: { name: 's' } } })
    put(WEBHOOKS, {
      metadata: { name: 'rolesanywhere-injector' },
      webhooks: [entry('a.example'), entry('b.example')],
    })
    const shared = (identity: string): Partial<InjectorOptions> => ({
      certificate: {
        shared: {
          namespace: 'system',
          secret: 'injector-tls',
          webhookConfiguration: 'rolesanywhere-injector',
          host: HOST,
          lease: 'rolesanywhere-injector',
          identity,
        },
      },
    })
    const one = await start(shared('one'))
    const two = await start(shared('two'))
    try {
      await eventually(() => (one.ready() && two.ready() ? true : undefined))
      const bundle = await eventually(() => {
        const webhooks = kube.server.get(WEBHOOKS, 'rolesanywhere-injector')?.['webhooks'] as {
          clientConfig: { caBundle?: string; service?: object }
        }[]
        const [a, b] = webhooks.map(({ clientConfig }) => clientConfig)
        expect(a?.service).to.deep.equal({ name: 's' })
        return a?.caBundle !== undefined && a.caBundle === b?.caBundle ? a.caBundle : undefined
      })
      const ca = Buffer.from(bundle, 'base64').toString()
      const plain = reviewOf({ metadata: { name: 'x' }, spec: { containers: [] } })
      for (const { url } of [one, two]) {
        expect((await post(url, plain, { ca, servername: HOST })).status).to.equal(200)
      }
      expect(lines.join('')).not.to.include('PRIVATE KEY')

      // Somebody applies the manifest again: the authority comes back.
      put(WEBHOOKS, {
        metadata: { name: 'rolesanywhere-injector' },
        webhooks: [entry('a.example')],
      })
      await eventually(() => {
        const webhooks = kube.server.get(WEBHOOKS, 'rolesanywhere-injector')?.['webhooks']
        return JSON.stringify(webhooks).includes(bundle) ? true : undefined
      })
    } finally {
      await one.stop()
    }
  })

  it('takes a changed configuration into use, and keeps the old one when it is not usable', async () => {
    const configFile = join(folder.path, 'injector.yaml')
    await writeFile(configFile, `${HEAD}allow: []\n`)
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const running = await started({ configFile })
    const allowed = async (): Promise<boolean | undefined> =>
      (await post(running.url, reviewOf(labelledPod()))).body.response?.allowed
    expect(await allowed()).to.equal(false)
    for (const unusable of [`${HEAD}noSuchKey: 1\n`, '']) {
      await writeFile(configFile, unusable)
      running.reload()
      expect(await allowed()).to.equal(false)
    }
    const metrics = await fetch(`${running.healthUrl}/metrics`)
    expect(await metrics.text()).to.include('rolesanywhere_injector_configuration_current 0')
    await writeFile(configFile, HEAD)
    running.reload()
    expect(await allowed()).to.equal(true)
  })

  it('counts by result and namespace', async () => {
    account({ 'role-arn': ROLE, 'certificate-secret': 'web-tls' })
    const running = await started()
    await post(running.url, reviewOf(labelledPod()))
    const text = await (await fetch(`${running.healthUrl}/metrics`)).text()
    expect(text).to.include(
      'rolesanywhere_injector_admissions_total{result="injected",namespace="team"} 1',
    )
    expect(text).to.match(/rolesanywhere_injector_certificate_expiration_timestamp_seconds 1\d{9}/)
  })

  it('is not ready before it knows the cluster, nor while it drains', async () => {
    const fault = { match: /serviceaccounts/, answer: 500 as const, times: 1_000_000 }
    kube.server.faults.push(fault)
    const running = await start()
    const readyz = async (): Promise<number> => (await fetch(`${running.healthUrl}/readyz`)).status
    expect(await readyz()).to.equal(503)
    expect((await fetch(`${running.healthUrl}/healthz`)).status).to.equal(200)
    fault.times = 0
    await eventually(async () => ((await readyz()) === 200 ? true : undefined))
    const stopping = running.stop(300)
    expect(await readyz()).to.equal(503)
    const plain = reviewOf({ metadata: { name: 'x' }, spec: { containers: [] } })
    expect((await post(running.url, plain)).status).to.equal(200)
    await stopping
    injector = undefined
  })
})
