import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fromContainerMetadata } from '@aws-sdk/credential-providers'
import { expect } from 'chai'
import { authorizationByRole, tokenAuthorization } from '../../sidecar/server/authorization.js'
import {
  createCredentialServer,
  type CredentialServerInit,
} from '../../sidecar/server/credential-server.js'
import { drain, listen } from '../../sidecar/listen.js'
import { listenAll } from '../../sidecar/server/listen-all.js'
import { parseListenAddress } from '../../sidecar/listen-address.js'
import { openTokenFile } from '../../sidecar/server/token-file.js'
import type { ObtainedSession } from '../../src/index.js'
import { type Logger, silentLogger } from '../../src/log.js'
import { Secret } from '../../src/secret.js'
import { systemClock } from '../../src/system-clock.js'
import { sendBytes, sendRaw, type RawResponse } from '../support/raw-http.js'
import { sessionUntil } from '../support/sessions.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const TOKEN = 'a-token-of-sufficient-length'
const PATH = '/v1/credentials'
const MINUTE_MS = 60_000

/*
 * What AWS SDKs demand of a container credentials endpoint, item by item. Not here:
 * 9, 10: when a session is renewed and how long it is served (test/unit/session),
 * 17 to 19: the environment that `exec` gives (test/e2e),
 * 27, 28: start and end of the process (test/e2e),
 * 30, 33: the SDKs themselves (the other files of this folder).
 */
describe('the container credentials endpoint', () => {
  let held: ObtainedSession | undefined
  const running: Server[] = []

  beforeEach(() => (held = sessionUntil(new Date('2126-01-01T00:00:00.789Z'))))
  afterEach(() => {
    for (const server of running.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
  })

  async function start(more: Partial<CredentialServerInit> = {}, port = 0): Promise<number> {
    const sessions = new Map([['', { current: () => held }]])
    const authorization = tokenAuthorization(() => [TOKEN])
    const server = createCredentialServer({ sessions, authorization, host: '127.0.0.1', ...more })
    running.push(server)
    return Number(new URL(await listen(server, { host: '127.0.0.1', port })).port)
  }

  interface Asked {
    readonly method?: string
    readonly target?: string
    readonly headers?: readonly (readonly [string, string])[]
    readonly body?: string
  }

  /** Sends Host and token, unless a list of headers says otherwise. */
  async function ask(port: number, { headers, ...asked }: Asked = {}): Promise<RawResponse> {
    return sendRaw(port, {
      method: 'GET',
      target: PATH,
      body: '',
      ...asked,
      headers: headers ?? AUTHORIZED,
    })
  }

  const AUTHORIZED: readonly (readonly [string, string])[] = [
    ['Host', '127.0.0.1'],
    ['Authorization', TOKEN],
  ]

  /** Sends text and collects what comes back until the server closes. */
  async function talk(port: number, text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    socket.write(text, 'latin1')
    return untilClosed(socket)
  }

  async function untilClosed(socket: Socket): Promise<string> {
    let received = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
    socket.on('error', () => {
      // A reset is an end, too.
    })
    await once(socket, 'close')
    return received
  }

  const head = (line: string, ...fields: string[]): string =>
    [`${line} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: ${TOKEN}`, ...fields, '', ''].join(
      '\r\n',
    )

  function expectRefusal(response: RawResponse, status: number): void {
    expect(response.status).to.equal(status)
    expect(response.headers['content-type']).to.equal('application/json')
    const error = JSON.parse(response.body) as Record<string, string>
    expect(Object.keys(error)).to.deep.equal(['code', 'message', 'Code', 'Message'])
    expect(response.body).to.not.match(/ASIA|canary/)
  }

  describe('item 1: the address', () => {
    it('is 127.0.0.1 when only a port is given', () => {
      expect(parseListenAddress('9911', 'listen').host).to.equal('127.0.0.1')
    })

    it('may be the IPv6 loopback besides, on the same port', async () => {
      const both = ['127.0.0.1', '::1'].map((host) => ({ host, port: 0 }))
      const sessions = new Map([['', { current: () => held }]])
      const authorization = tokenAuthorization(() => [TOKEN])
      const host = both.map((address) => address.host)
      const { servers, urls } = await listenAll(both, () =>
        createCredentialServer({ sessions, authorization, host }),
      )
      running.push(...servers)
      for (const url of urls) {
        const { status } = await fetch(url + PATH, { headers: { authorization: TOKEN } })
        expect(status, url).to.equal(200)
      }
    })
  })

  it('item 2: the answer states exactly application/json, its length, and no-store', async () => {
    const { status, headers, body } = await ask(await start())
    expect(status).to.equal(200)
    expect(headers['content-type']).to.equal('application/json')
    expect(headers['content-length']).to.equal(String(Buffer.byteLength(body)))
    expect(headers['cache-control']).to.equal('no-store')
    expect(headers['transfer-encoding']).to.equal(undefined)
  })

  it('items 3, 4 and 7: four strings, a date that every SDK reads, and no Code', async () => {
    const { body } = await ask(await start())
    const document = JSON.parse(body) as Record<string, string>
    expect(Object.keys(document)).to.deep.equal([
      'AccessKeyId',
      'SecretAccessKey',
      'Token',
      'Expiration',
    ])
    for (const value of Object.values(document))
      expect(value).to.be.a('string').and.to.not.equal('')
    expect(document['Expiration']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(Date.parse(document['Expiration']!)).to.be.greaterThan(Date.now())
  })

  for (const { bytes, warned } of [
    { bytes: 9_000, warned: 0 },
    { bytes: 10_001, warned: 1 },
  ]) {
    it(`item 5: a session token of ${bytes} bytes is ${warned ? 'reported once' : 'fine'}`, async () => {
      const lines: string[] = []
      const log: Logger = { ...silentLogger, warn: (message) => void lines.push(message) }
      const session = sessionUntil(new Date('2126-01-01T00:00:00Z'))
      const sessionToken = new Secret('t'.repeat(bytes))
      held = { ...session, credentials: { ...session.credentials, sessionToken } }
      const port = await start({ log })
      expect((await ask(port)).status).to.equal(200)
      expect((await ask(port)).status).to.equal(200)
      expect(lines).to.have.length(warned)
      if (warned) expect(lines[0]).to.contain('CRT')
    })
  }

  it('item 6: plain UTF-8 without a byte order mark, even when gzip is offered', async () => {
    const headers = [...AUTHORIZED, ['Accept-Encoding', 'gzip, deflate, br'] as const]
    const response = await ask(await start(), { headers })
    expect(response.headers['content-encoding']).to.equal(undefined)
    expect(response.body.startsWith('{"AccessKeyId"')).to.equal(true)
  })

  it('items 8 and 11: 503 at once while there is nothing to serve, and never an empty 200', async () => {
    held = undefined
    const startedMs = performance.now()
    expectRefusal(await ask(await start()), 503)
    expect(performance.now() - startedMs).to.be.lessThan(500)
  })

  for (const { name, authorization, status } of [
    { name: 'no token', authorization: undefined, status: 401 },
    { name: 'an empty token', authorization: '', status: 401 },
    { name: 'a wrong token', authorization: 'wrong', status: 403 },
    { name: 'a token of the same length', authorization: 'x'.repeat(TOKEN.length), status: 403 },
    { name: 'a token of 8-bit characters', authorization: '\u00e9'.repeat(28), status: 403 },
    { name: 'a token with another scheme', authorization: `Basic ${TOKEN}`, status: 403 },
    { name: 'a token with no-break spaces', authorization: `\u00a0${TOKEN}\u00a0`, status: 403 },
    { name: 'a token that is far too long', authorization: 'x'.repeat(8000), status: 403 },
  ]) {
    it(`item 12: ${status} to ${name}`, async () => {
      const host = ['Host', '127.0.0.1'] as const
      const headers =
        authorization === undefined ? [host] : [host, ['Authorization', authorization] as const]
      expectRefusal(await ask(await start(), { headers }), status)
    })
  }

  for (const authorization of [TOKEN, `  ${TOKEN}\t `, `Bearer ${TOKEN}`]) {
    it(`item 13: the token is taken as ${JSON.stringify(authorization)}`, async () => {
      const headers = [['Host', '127.0.0.1'] as const, ['Authorization', authorization] as const]
      expect((await ask(await start(), { headers })).status).to.equal(200)
    })
  }

  // The length of the grace period: test/unit/sidecar/server/token-file.test.ts.
  it('item 14: the token before a rotation is still good', async () => {
    let tokens = [TOKEN]
    const port = await start({ authorization: tokenAuthorization(() => tokens) })
    expect((await ask(port)).status).to.equal(200)
    tokens = ['the-token-after-rotation', TOKEN]
    expect((await ask(port)).status).to.equal(200)
  })

  it('item 15: a hundred refused requests lock nobody out', async () => {
    const port = await start()
    const wrong = [['Host', '127.0.0.1'] as const, ['Authorization', 'wrong'] as const]
    const text = `${head(`GET ${PATH}`).replace(TOKEN, 'wrong')}`.repeat(100)
    const last = head(`GET ${PATH}`, 'Connection: close')
    expect((await talk(port, text + last)).match(/HTTP\/1\.1 403 /g)).to.have.length(100)
    expect((await ask(port, { headers: wrong })).status).to.equal(403)
    expect((await ask(port)).status).to.equal(200)
  })

  it('a role with a token of its own is opened by that one alone', async () => {
    const holder = { current: () => held }
    const port = await start({
      sessions: new Map([
        ['', holder],
        ['reports', holder],
      ]),
      authorization: authorizationByRole(
        new Map([['reports', tokenAuthorization(() => ['token-of-reports'])]]),
        tokenAuthorization(() => [TOKEN]),
      ),
    })
    const target = `${PATH}/reports`
    expectRefusal(await ask(port, { target }), 403)
    const headers = [['Host', '127.0.0.1'] as const, ['Authorization', 'token-of-reports'] as const]
    expect((await ask(port, { target, headers })).status).to.equal(200)
    expectRefusal(await ask(port, { headers }), 403)
  })

  describe('items 16 and 29: the token file', () => {
    const folder = temporaryFolder()

    it('gives the same token, port and path after a restart', async () => {
      const path = join(folder.path, 'token')
      const ending = new AbortController()
      const deps = { clock: systemClock, log: silentLogger, signal: ending.signal }
      const before = await openTokenFile(path, deps)
      const port = await start({ authorization: tokenAuthorization(() => before.tokens()) })
      const headers = [
        ['Host', '127.0.0.1'] as const,
        ['Authorization', before.tokens()[0]!] as const,
      ]
      expect((await ask(port, { headers })).status).to.equal(200)
      await drain(running.pop()!, systemClock)
      const after = await openTokenFile(path, deps)
      await start({ authorization: tokenAuthorization(() => after.tokens()) }, port)
      expect((await ask(port, { headers })).status).to.equal(200)
      ending.abort()
    })
  })

  for (const { host, status } of [
    { host: '127.0.0.1', status: 200 },
    { host: '127.0.0.1:9911', status: 200 },
    { host: 'localhost', status: 200 },
    { host: 'LocalHost:80', status: 200 },
    { host: '[::1]', status: 200 },
    { host: '[::1]:9911', status: 200 },
    { host: '', status: 403 },
    { host: 'evil.example', status: 403 },
    { host: 'localhost.evil.example', status: 403 },
    { host: '127.0.0.1.evil.example', status: 403 },
    { host: '127.0.0.1@evil.example', status: 403 },
    { host: '127.0.0.1:x', status: 403 },
    { host: '0.0.0.0', status: 403 },
    { host: '[::1', status: 403 },
    { host: '169.254.170.2', status: 403 },
    { host: '127.0.0.1,evil.example', status: 400 },
  ]) {
    it(`item 20: ${status} for the host "${host}"`, async () => {
      const headers = [['Host', host] as const, ['Authorization', TOKEN] as const]
      const response = await ask(await start(), { headers })
      if (status === 200) expect(response.status).to.equal(200)
      else expectRefusal(response, status)
    })
  }

  it('item 20: 400 for two hosts, in either order', async () => {
    const port = await start()
    for (const hosts of [
      ['127.0.0.1', 'evil.example'],
      ['evil.example', '127.0.0.1'],
      ['127.0.0.1', '127.0.0.1'],
    ]) {
      const headers = hosts.map((host) => ['Host', host] as const)
      expectRefusal(await ask(port, { headers: [...headers, ['Authorization', TOKEN]] }), 400)
    }
  })

  it('item 20: 400 for HTTP/1.1 without a host', async () => {
    const response = await ask(await start(), { headers: [['Authorization', TOKEN]] })
    expect(response.status).to.equal(400)
    expect(response.body).to.not.contain('AccessKeyId')
  })

  for (const [name, value] of [
    ['Origin', 'http://127.0.0.1'],
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Site', 'same-origin'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Forwarded-For', ''],
    ['X-Forwarded-Host', 'x'],
    ['X-Real-IP', '10.0.0.1'],
    ['Forwarded', 'for=10.0.0.1'],
    ['Via', '1.1 proxy'],
  ] as const) {
    it(`item 21: a request with ${name}: ${value} is refused, though it has the token`, async () => {
      expectRefusal(await ask(await start(), { headers: [...AUTHORIZED, [name, value]] }), 403)
    })
  }

  for (const { target, status } of [
    { target: PATH, status: 200 },
    { target: `${PATH}/`, status: 200 },
    { target: `${PATH}?a=b`, status: 200 },
    { target: `${PATH}/?a=/x`, status: 200 },
    { target: `${PATH}//`, status: 404 },
    { target: `/${PATH}`, status: 404 },
    { target: `${PATH}/other`, status: 404 },
    { target: `${PATH}/__proto__`, status: 404 },
    { target: `${PATH}/.`, status: 404 },
    { target: `${PATH}/..`, status: 404 },
    { target: `${PATH}/%2e%2e`, status: 404 },
    { target: `${PATH}/%2e`, status: 404 },
    { target: `/x/..${PATH}`, status: 404 },
    { target: `${PATH}%2f`, status: 404 },
    { target: '/v1/%63redentials', status: 404 },
    { target: `${PATH}/%00`, status: 404 },
    { target: `${PATH}/%`, status: 404 },
    { target: `${PATH}#x`, status: 404 },
    { target: PATH.toUpperCase(), status: 404 },
    { target: '/', status: 404 },
    { target: '/latest/meta-data/iam/security-credentials/', status: 404 },
    { target: `http://127.0.0.1${PATH}`, status: 400 },
    { target: `http://evil.example${PATH}`, status: 400 },
  ]) {
    // Item 22 is that no status below is a redirect.
    it(`items 22 and 23: ${status} for ${target}`, async () => {
      const response = await ask(await start(), { target })
      expect(response.headers['location']).to.equal(undefined)
      if (status === 200) expect(response.status).to.equal(200)
      else expectRefusal(response, status)
    })
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    it(`item 23: ${method} is not allowed, and the answer says what is`, async () => {
      const response = await ask(await start(), { method })
      expectRefusal(response, 405)
      expect(response.headers['allow']).to.equal('GET, HEAD')
    })
  }

  it('item 23: HEAD states the length of the document and sends none', async () => {
    const port = await start()
    const { body } = await ask(port)
    const answer = await talk(port, head(`HEAD ${PATH}`, 'Connection: close'))
    expect(answer).to.match(/^HTTP\/1\.1 200 /)
    expect(answer.toLowerCase()).to.contain(`content-length: ${body.length}\r\n`)
    expect(answer.endsWith('\r\n\r\n')).to.equal(true)
  })

  for (const { name, text } of [
    { name: 'no Accept and no User-Agent', text: head(`GET ${PATH}`, 'Connection: close') },
    {
      name: 'the headers of the Go SDK',
      text: head(
        `GET ${PATH}`,
        'User-Agent: Go-http-client/1.1',
        'Accept: application/json',
        'Amz-Sdk-Request: attempt=1; max=3',
        'Accept-Encoding: gzip',
        'Connection: close',
      ),
    },
    { name: 'HTTP/1.0', text: `GET ${PATH} HTTP/1.0\r\nAuthorization: ${TOKEN}\r\n\r\n` },
    {
      name: 'an offer to upgrade',
      text: head(`GET ${PATH}`, 'Connection: Upgrade, close', 'Upgrade: h2c'),
    },
    {
      name: 'an offer to become a web socket',
      text: head(`GET ${PATH}`, 'Connection: upgrade, close', 'Upgrade: websocket'),
    },
  ]) {
    it(`item 24: a client with ${name} is served`, async () => {
      const answer = await talk(await start(), text)
      expect(answer).to.match(/^HTTP\/1\.1 200 /)
      expect(answer).to.contain('AccessKeyId')
    })
  }

  it('item 24: a client that waits for 100 Continue gets its answer instead', async () => {
    const answer = await talk(
      await start(),
      head(`POST ${PATH}`, 'Content-Length: 1000000', 'Expect: 100-continue'),
    )
    expect(answer).to.match(/^HTTP\/1\.1 405 /)
  })

  it('item 24: CONNECT is closed, and no tunnel opened', async () => {
    const port = await start()
    expect(await talk(port, head('CONNECT 127.0.0.1:80'))).to.equal('')
    expect((await ask(port)).status).to.equal(200)
  })

  it('item 24: requests that are sent without waiting are answered in order', async () => {
    const asked = [PATH, '/x', `${PATH}/`, `${PATH}/other`, PATH]
    const text = asked.map((target, index) =>
      head(`GET ${target}`, ...(index === asked.length - 1 ? ['Connection: close'] : [])),
    )
    const statuses = (await talk(await start(), text.join(''))).match(/HTTP\/1\.1 \d{3}/g)
    expect(statuses?.map((line) => Number(line.slice(-3)))).to.deep.equal([200, 404, 200, 404, 200])
  })

  for (const { name, text } of [
    { name: 'a NUL in the token', text: head(`GET ${PATH}`).replace(TOKEN, `${TOKEN}\0`) },
    { name: 'a bare line feed in the token', text: head(`GET ${PATH}`).replace(TOKEN, 'a\nb') },
    { name: 'a space before the colon', text: head(`GET ${PATH}`, 'X : y') },
    { name: 'a NUL in the path', text: head(`GET ${PATH}/\0`) },
    { name: 'a space in the path', text: head(`GET ${PATH}/a b`) },
    { name: 'an unknown version', text: head(`GET ${PATH}`).replace('HTTP/1.1', 'HTTP/3.7') },
    { name: 'two lengths', text: head(`GET ${PATH}`, 'Content-Length: 1', 'Content-Length: 2') },
    {
      name: 'both a length and chunks',
      text: head(`GET ${PATH}`, 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    },
    { name: 'a TLS greeting', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' },
  ]) {
    it(`item 24: ${name} is a bad request, and the server lives on`, async () => {
      const port = await start()
      const answer = await talk(port, text)
      expect(answer).to.match(/^HTTP\/1\.1 (?:400|404) /)
      expect(answer).to.not.contain('AccessKeyId')
      expect((await ask(port)).status).to.equal(200)
    })
  }

  it('item 24: a token that is folded over two lines is read as one or refused', async () => {
    const text = head(`GET ${PATH}`, 'Connection: close').replace(`: ${TOKEN}`, `:\r\n ${TOKEN}`)
    expect(await talk(await start(), text)).to.match(/^HTTP\/1\.1 (?:200|400) /)
  })

  it('item 24: a token that is sent twice is not taken from one of the two', async () => {
    const port = await start()
    for (const [first, second] of [
      [TOKEN, 'wrong'],
      ['wrong', TOKEN],
      [TOKEN, TOKEN],
    ] as const) {
      const headers = [
        ['Host', '127.0.0.1'],
        ['Authorization', first],
        ['Authorization', second],
      ] as const
      expectRefusal(await ask(port, { headers }), 403)
    }
  })

  describe('item 25: idle connections', () => {
    it('live longer than the 90 s for which the Go SDK keeps them', () => {
      const server = createCredentialServer({
        sessions: new Map(),
        authorization: tokenAuthorization(() => []),
        host: '127.0.0.1',
      })
      expect(server.keepAliveTimeout).to.be.at.least(95_000)
      expect(server.timeout).to.be.at.least(95_000)
      expect(server.headersTimeout).to.be.greaterThan(0).and.at.most(10_000)
      expect(server.requestTimeout).to.be.greaterThan(0).and.at.most(10_000)
    })

    it('are not cut by the time that a request may take', async () => {
      const port = await start({ requestTimeoutMs: 60 })
      const socket = connect(port, '127.0.0.1')
      const closed = untilClosed(socket)
      socket.write(head(`GET ${PATH}`))
      await once(socket, 'data')
      await systemClock.sleep(300)
      socket.write(head(`GET ${PATH}`, 'Connection: close'))
      expect((await closed).match(/HTTP\/1\.1 200 /g)).to.have.length(2)
    })

    it('are closed in the end, so that a client that leaks them harms nobody', async () => {
      const port = await start({ keepAliveMs: 50 })
      const sockets = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
      const closed = sockets.map(untilClosed)
      for (const socket of sockets) socket.write(head(`GET ${PATH}`))
      for (const text of await Promise.all(closed)) expect(text).to.match(/^HTTP\/1\.1 200 /)
    })
  })

  for (const { name, text } of [
    { name: 'nothing', text: '' },
    { name: 'half a request line', text: 'GET /v1/cre' },
    { name: 'headers without an end', text: head(`GET ${PATH}`).slice(0, -2) },
    { name: 'half a body', text: head(`POST ${PATH}`, 'Content-Length: 10') + 'x' },
  ]) {
    it(`item 26: a client that sends ${name} is not waited for`, async () => {
      const port = await start({ requestTimeoutMs: 100, keepAliveMs: 2_000 })
      const answer = await talk(port, text)
      expect(answer).to.match(/^HTTP\/1\.1 (?:405|408) |^$/)
      expect((await ask(port)).status).to.equal(200)
    })
  }

  it('item 26: a client that does not read its answers is not kept', async () => {
    const port = await start({ keepAliveMs: 200 })
    const socket = connect(port, '127.0.0.1').pause()
    socket.on('error', () => {
      // That is how it ends.
    })
    const request = head(`GET ${PATH}`).repeat(2000)
    socket.write(request.repeat(20))
    const server = running[0]!
    const connections = async (): Promise<number> =>
      new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))
    for (let turn = 0; turn < 100 && (await connections()) > 0; turn++) await systemClock.sleep(50)
    expect(await connections()).to.equal(0)
    socket.destroy()
  })

  it('items 8 and 26: a thousand idle connections do not delay an answer', async () => {
    const port = await start()
    const idle = Array.from({ length: 1000 }, () => connect(port, '127.0.0.1'))
    await Promise.all(
      idle.map(async (socket) => {
        socket.write(head(`GET ${PATH}`))
        await once(socket, 'data')
      }),
    )
    const times: number[] = []
    for (let count = 0; count < 300; count++) {
      const startedMs = performance.now()
      expect((await ask(port)).status).to.equal(200)
      times.push(performance.now() - startedMs)
    }
    times.sort((a, b) => a - b)
    console.log(`      p99 beside 1,000 idle connections: ${times[297]!.toFixed(1)} ms`)
    expect(idle.filter((socket) => socket.destroyed)).to.have.length(0)
    for (const socket of idle) socket.destroy()
  })

  it('item 26: connections beyond a limit are refused and reported, and the others served', async () => {
    const lines: string[] = []
    const log: Logger = { ...silentLogger, warn: (message) => void lines.push(message) }
    const port = await start({ log })
    running[0]!.maxConnections = 2
    const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')))
    for (const _ of [1, 2]) expect(await sendBytes(port, Buffer.from('x'))).to.equal('cut')
    expect(lines).to.have.length(1)
    sockets[0]!.write(head(`GET ${PATH}`))
    const [answer] = (await once(sockets[0]!, 'data')) as [Buffer]
    expect(answer.toString()).to.match(/^HTTP\/1\.1 200 /)
    for (const socket of sockets) socket.destroy()
  })

  it('item 31: the request without a token that the JavaScript SDK sends last is refused as well', async () => {
    const port = await start()
    const variable = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'
    const before = process.env[variable]
    process.env[variable] = `http://127.0.0.1:${port}${PATH}`
    try {
      for (let count = 0; count < 4; count++) {
        const headers = [['Host', '127.0.0.1'] as const, ['Authorization', 'stale'] as const]
        expect((await ask(port, { headers })).status).to.equal(403)
      }
      const outcome = await fromContainerMetadata({ maxRetries: 0 })().then(
        () => 'credentials',
        (error: unknown) => error,
      )
      expect(outcome).to.be.instanceOf(Error)
    } finally {
      if (before === undefined) delete process.env[variable]
      else process.env[variable] = before
    }
  })

  it('item 32: a session with nine minutes left is served as often as botocore asks', async () => {
    held = sessionUntil(new Date(Date.now() + 9 * MINUTE_MS))
    const port = await start()
    const bodies = new Set<string>()
    for (let count = 0; count < 20; count++) {
      const { status, body } = await ask(port)
      expect(status).to.equal(200)
      bodies.add(body)
    }
    expect(bodies.size).to.equal(1)
  })

  it('answers 500 and lives on when a holder fails', async () => {
    const lines: string[] = []
    const log: Logger = { ...silentLogger, error: (message) => void lines.push(message) }
    const broken = {
      current: () => {
        throw new Error('canary')
      },
    }
    const port = await start({ sessions: new Map([['', broken]]), log })
    expectRefusal(await ask(port), 500)
    expectRefusal(await ask(port), 500)
    expect(lines).to.have.length(2)
  })

  it('tells what each request was for, its status and how long it took', async () => {
    const told: unknown[] = []
    const port = await start({
      onAnswer: (route, status, durationMs) => {
        told.push([route, status])
        expect(durationMs).to.be.within(0, 500)
      },
    })
    await ask(port)
    await ask(port, { target: `${PATH}/other` })
    await ask(port, { target: '/' })
    expect(told).to.deep.equal([
      ['container', 200],
      ['container', 404],
      ['none', 404],
    ])
  })
})
