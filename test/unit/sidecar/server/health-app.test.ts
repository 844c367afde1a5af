import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { expect } from 'chai'
import { createHealthApp } from '../../../../sidecar/server/health-app.js'
import { drain, listen } from '../../../../sidecar/listen.js'
import type { SidecarSnapshot } from '../../../../sidecar/server/observer.js'
import { systemClock } from '../../../../src/system-clock.js'
import { type RawResponse, requestBytes, sendBytes } from '../../../support/raw-http.js'
import { emptyRole, NOW, readyRole, snapshotOf } from '../../../support/snapshots.js'

describe('the health listener', () => {
  let server: Server
  let port: number
  let snapshot: () => SidecarSnapshot
  let metrics: () => string | Promise<string>

  beforeEach(async () => {
    snapshot = () => snapshotOf()
    metrics = () => 'x 1\n'
    const app = createHealthApp({
      snapshot: () => snapshot(),
      metrics: async () => metrics(),
      now: () => NOW,
      version: '1.2.3',
    })
    server = createServer(app)
    port = Number(new URL(await listen(server, { host: '127.0.0.1', port: 0 })).port)
  })
  afterEach(async () => drain(server, systemClock))

  async function ask(target: string, method = 'GET', host = '10.1.2.3:9912'): Promise<RawResponse> {
    const headers = [
      ['Host', host],
      ['Connection', 'close'],
    ] as const
    const answer = await sendBytes(port, requestBytes({ method, target, headers, body: '' }))
    if (answer === 'cut') throw new Error('no answer')
    return answer
  }

  it('says that the process answers, whatever the sessions are', async () => {
    snapshot = () => snapshotOf({ roles: [emptyRole()] })
    const { status, body } = await ask('/healthz')
    expect([status, body]).to.deep.equal([200, 'ok\n'])
  })

  it('is ready while every role has a session, and says why when it is not', async () => {
    expect((await ask('/readyz')).status).to.equal(200)
    snapshot = () => snapshotOf({ roles: [readyRole(), emptyRole({ name: 'reports' })] })
    const { status, body } = await ask('/readyz')
    expect([status, body]).to.deep.equal([503, 'not ready: no session for reports (starting)\n'])
  })

  it('answers Prometheus in the format that it asks for', async () => {
    const { status, headers, body } = await ask('/metrics')
    expect([status, headers['content-type'], body]).to.deep.equal([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'x 1\n',
    ])
  })

  it('shows people a page', async () => {
    const { status, headers, body } = await ask('/')
    expect([status, headers['content-type']]).to.deep.equal([200, 'text/html; charset=utf-8'])
    expect(body).to.contain('1 role ready').and.to.contain('rolesanywhere 1.2.3')
  })

  it('allows the page its own style by hash, and nothing else', async () => {
    const { headers, body } = await ask('/')
    const style = /<style>(.*?)<\/style>/s.exec(body)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    expect(headers['content-security-policy']).to.equal(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
  })

  for (const path of ['/', '/healthz', '/readyz', '/metrics', '/nothing']) {
    it(`sends ${path} with headers that keep it out of caches and frames`, async () => {
      const { headers } = await ask(path)
      expect(headers).to.include({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      expect(headers['content-security-policy']).to.contain("frame-ancestors 'none'")
      expect(headers).to.not.have.any.keys('x-powered-by', 'etag')
    })

    it(`answers HEAD ${path} like GET, without a body`, async () => {
      const [head, get] = [await ask(path, 'HEAD'), await ask(path)]
      expect([head.status, head.body]).to.deep.equal([get.status, ''])
      expect(head.headers['content-length']).to.equal(get.headers['content-length'])
    })
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    it(`answers 405 to ${method}`, async () => {
      const { status, headers } = await ask('/readyz', method)
      expect([status, headers['allow']]).to.deep.equal([405, 'GET, HEAD'])
    })
  }

  for (const path of ['/nothing', '/v1/credentials', '/metrics/x', '/%ff', '//', '/?x=1#y']) {
    it(`answers ${path} in plain words or with the page, never with an error of its own`, async () => {
      expect((await ask(path)).status).to.be.oneOf([200, 404])
    })
  }

  it('does not look at the Host header, since the kubelet asks for the address of the pod', async () => {
    expect((await ask('/readyz', 'GET', 'anything.example')).status).to.equal(200)
  })

  it('answers 500 without any detail when something breaks, and lives on', async () => {
    snapshot = () => {
      throw new Error('canary-detail')
    }
    metrics = () => Promise.reject(new Error('canary-detail'))
    for (const path of ['/', '/readyz', '/metrics']) {
      const { status, body } = await ask(path)
      expect([status, body]).to.deep.equal([500, 'internal error\n'])
    }
    expect((await ask('/healthz')).status).to.equal(200)
  })
})
