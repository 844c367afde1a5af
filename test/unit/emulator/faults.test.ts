import { expect } from 'chai'
import type { Fault } from '../../../src/emulator/index.js'
import { ManualClock } from '../../support/manual-clock.js'
import { NOW, awsRequest, sessionRequest } from '../../support/emulator-client.js'
import { sessionKeys, stateFor, withEmulator } from '../../support/emulator-fixture.js'
import { type TestIdentity, createLeaf, createRoot } from '../../support/emulator-pki.js'
import { type RawResponse, requestBytes, sendBytes, sendRaw } from '../../support/raw-http.js'

describe('faults of the emulator', () => {
  let root: TestIdentity
  let leaf: TestIdentity

  before(async () => {
    root = await createRoot()
    leaf = await createLeaf(root)
  })

  const control = async (
    port: number,
    method: string,
    path: string,
    body = '',
    headers: readonly (readonly [string, string])[] = [],
  ): Promise<RawResponse> =>
    sendRaw(port, {
      method,
      target: `/_emulator/${path}`,
      headers: [['host', '127.0.0.1'], ...headers, ['content-length', String(body.length)]],
      body,
    })

  const STATUSES: readonly (readonly [Omit<Fault, 'operation'>, status: number, type?: string])[] =
    [
      [{ kind: 'throttle' }, 429, 'ThrottlingException'],
      [{ kind: 'error' }, 500, 'InternalServerException'],
      [{ kind: 'error', status: 502 }, 502, 'InternalServerException'],
      [{ kind: 'unavailable' }, 503, 'ServiceUnavailableException'],
      [{ kind: 'denied' }, 403, 'AccessDeniedException'],
      [{ kind: 'malformed' }, 201],
      [{ kind: 'empty' }, 201],
    ]
  for (const [fault, status, type] of STATUSES) {
    it(`answer ${status} for ${JSON.stringify(fault)}, as often as asked`, async () => {
      const faults: Fault[] = [{ operation: 'CreateSession', count: 2, ...fault }]
      await withEmulator({ state: stateFor(root), faults }, async (emulator) => {
        for (let time = 0; time < 2; time++) {
          const response = await sendRaw(emulator.port, sessionRequest(leaf))
          expect(response.status).to.equal(status)
          expect(response.headers['x-amzn-errortype']).to.equal(type)
          expect(response.body).to.not.include('accessKeyId')
        }
        expect(emulator.requests.map((request) => request.fault)).to.deep.equal([
          fault.kind,
          fault.kind,
        ])
        const after = await sendRaw(emulator.port, sessionRequest(leaf))
        expect(after.body).to.include('accessKeyId')
      })
    })
  }

  it('take a body and a Retry-After of their own', async () => {
    const faults: Fault[] = [
      { operation: '*', kind: 'throttle', body: 'slower', retryAfterSeconds: 7 },
    ]
    await withEmulator({ state: stateFor(root), faults }, async ({ port }) => {
      const response = await sendRaw(port, sessionRequest(leaf))
      expect(response.body).to.equal('slower')
      expect(response.headers['retry-after']).to.equal('7')
    })
  })

  it('hit the operation that they name, in the shape of its protocol', async () => {
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      const keys = await sessionKeys(emulator, leaf)
      emulator.setFaults([{ operation: 'ListBuckets', kind: 'throttle' }])
      const sts = { service: 'sts', query: { Action: 'GetCallerIdentity' } }
      expect((await sendRaw(emulator.port, awsRequest(keys, sts))).status).to.equal(200)
      const s3 = await sendRaw(emulator.port, awsRequest(keys, { service: 's3' }))
      expect([s3.status, s3.body]).to.satisfy(
        ([status, body]: [number, string]) => status === 503 && body.includes('SlowDown'),
      )
    })
  })

  it('cut the connection for a reset', async () => {
    const faults: Fault[] = [{ operation: '*', kind: 'reset' }]
    await withEmulator({ state: stateFor(root), faults }, async (emulator) => {
      expect(await sendBytes(emulator.port, requestBytes(sessionRequest(leaf)))).to.equal('cut')
      expect(emulator.requests.map(({ outcome }) => outcome)).to.deep.equal(['cut'])
    })
  })

  it('hang until the emulator closes', async () => {
    const faults: Fault[] = [{ operation: '*', kind: 'hang' }]
    let hanging: Promise<unknown> = Promise.resolve()
    await withEmulator({ state: stateFor(root), faults }, async (emulator) => {
      hanging = sendBytes(emulator.port, requestBytes(sessionRequest(leaf)))
      while (emulator.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(emulator.requests[0]?.outcome).to.equal('pending')
    })
    expect(await hanging).to.equal('cut')
  })

  it('delay by the clock of the emulator', async () => {
    const clock = new ManualClock(NOW.toISOString())
    const faults: Fault[] = [{ operation: '*', kind: 'slow', delayMs: 5000 }]
    await withEmulator({ state: stateFor(root), faults, clock }, async ({ port }) => {
      const response = sendRaw(port, sessionRequest(leaf))
      while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(clock.nextWakeMs).to.equal(5000)
      await clock.advance(5000)
      expect((await response).status).to.equal(201)
    })
  })

  it('are added, shown and cleared over HTTP', async () => {
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      const faults = [{ operation: 'CreateSession', kind: 'denied', count: 1 }]
      const added = await control(port, 'POST', 'faults', JSON.stringify(faults))
      expect(JSON.parse(added.body)).to.deep.equal({ faults })
      expect((await sendRaw(port, sessionRequest(leaf))).status).to.equal(403)
      await control(port, 'POST', 'faults', JSON.stringify(faults))
      await control(port, 'DELETE', 'faults')
      expect((await sendRaw(port, sessionRequest(leaf))).status).to.equal(201)
    })
  })

  for (const bad of [
    '{}',
    '[{}]',
    'no json',
    '[{"operation":"CreateSession","kind":"explode"}]',
    '[{"operation":"Createsession","kind":"hang"}]',
    '[{"operation":"*","kind":"slow","delayMs":-1}]',
    '[{"operation":"*","kind":"error","status":99}]',
    '[{"operation":"*","kind":"error","times":2}]',
    '[null]',
  ]) {
    it(`are refused as ${bad}`, async () => {
      await withEmulator({ state: stateFor(root) }, async ({ port }) => {
        expect((await control(port, 'POST', 'faults', bad)).status).to.equal(400)
        expect(JSON.parse((await control(port, 'GET', 'faults')).body)).to.deep.equal({
          faults: [],
        })
      })
    })
  }

  it('and the list of requests are kept from pages in a browser', async () => {
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      for (const marks of [
        [['origin', 'https://example.com']],
        [['sec-fetch-site', 'same-origin']],
      ] as const) {
        expect((await control(port, 'GET', 'requests', '', marks)).status).to.equal(403)
      }
      const rebound = await sendRaw(port, {
        method: 'GET',
        target: '/_emulator/requests',
        headers: [['host', 'evil.example:9443']],
        body: '',
      })
      expect(rebound.status).to.equal(403)
    })
  })

  it('leave a list of requests that holds no secret', async () => {
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      const keys = await sessionKeys(emulator, leaf)
      await sendRaw(emulator.port, awsRequest(keys, { service: 's3', presignSeconds: 60 }))
      const { body } = await control(emulator.port, 'GET', 'requests')
      const { requests } = JSON.parse(body) as { requests: { operation: string }[] }
      expect(requests.map(({ operation }) => operation)).to.deep.equal([
        'CreateSession',
        'ListBuckets',
      ])
      const shown = body + JSON.stringify(emulator.sessions)
      for (const secret of [keys.secretAccessKey, keys.sessionToken]) {
        expect(shown).to.not.include(secret)
      }
    })
  })
})
