import { once } from 'node:events'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type Server,
} from 'node:http'
import { connect } from 'node:net'
import { expect } from 'chai'
import { tokenAuthorization } from '../../../../sidecar/server/authorization.js'
import { createCredentialServer } from '../../../../sidecar/server/credential-server.js'
import { drain, listen } from '../../../../sidecar/listen.js'
import type { ObtainedSession } from '../../../../src/index.js'
import { systemClock } from '../../../../src/system-clock.js'
import { sessionUntil } from '../../../support/sessions.js'

const TOKEN = 'a-token-of-sufficient-length'
const PATH = '/v1/credentials'

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

describe('the credential server', () => {
  let server: Server
  let port: number
  let held: ObtainedSession | undefined

  beforeEach(async () => {
    held = sessionUntil(new Date('2126-01-01T00:00:00.789Z'))
    const sessions = new Map([
      ['', { current: () => held }],
      ['reports', { current: () => sessionUntil(new Date('2126-01-01T00:00:00Z'), 'ASIAREPORTS') }],
    ])
    server = createCredentialServer({
      sessions,
      authorization: tokenAuthorization(() => [TOKEN, 'the-token-before-it-1234']),
      host: '127.0.0.1',
    })
    port = Number(new URL(await listen(server, { host: '127.0.0.1', port: 0 })).port)
  })

  afterEach(async () => drain(server, systemClock))

  async function ask(
    path = PATH,
    headers: OutgoingHttpHeaders = {},
    method = 'GET',
  ): Promise<Reply> {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path,
      method,
      agent: false,
      headers: { authorization: TOKEN, ...headers },
    })
    outgoing.end()
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of incoming) body += String(chunk)
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, body }
  }

  /** Sends bytes and returns all that comes back until the server closes. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1')
    socket.write(bytes)
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('error', () => {
      // A reset is an answer, too.
    })
    await once(socket, 'close')
    return text
  }

  it('answers with exactly the four members that SDKs read, and the date form that all of them take', async () => {
    const { status, headers, body } = await ask()
    expect(status).to.equal(200)
    expect(JSON.parse(body)).to.deep.equal({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'canary-secret-access-key',
      Token: 'canary-session-token',
      Expiration: '2126-01-01T00:00:00Z',
    })
    expect(headers['content-type']).to.equal('application/json')
    expect(headers['content-length']).to.equal(String(Buffer.byteLength(body)))
    expect(headers['cache-control']).to.equal('no-store')
    expect(headers['content-encoding']).to.equal(undefined)
  })

  for (const path of [`${PATH}/`, `${PATH}?x=1`, `${PATH}/?x=1`]) {
    it(`answers ${path} like ${PATH}`, async () => {
      expect((await ask(path)).status).to.equal(200)
    })
  }

  it('serves a named role under its name', async () => {
    expect((await ask(`${PATH}/reports`)).body).to.contain('ASIAREPORTS')
    expect((await ask(`${PATH}/reports/`)).body).to.contain('ASIAREPORTS')
  })

  it('follows the session held', async () => {
    await ask()
    held = sessionUntil(new Date('2126-01-02T00:00:00Z'), 'ASIANEXT')
    expect((await ask()).body).to.contain('ASIANEXT')
  })

  for (const { name, path, headers, method, status, code } of [
    { name: 'no token', headers: { authorization: '' }, status: 401, code: 'MissingAuthorization' },
    {
      name: 'a wrong token',
      headers: { authorization: 'wrong' },
      status: 403,
      code: 'WrongAuthorization',
    },
    {
      name: 'a token with a tail',
      headers: { authorization: `${TOKEN}x` },
      status: 403,
      code: 'WrongAuthorization',
    },
    { name: 'an unknown path', path: '/', status: 404, code: 'NotFound' },
    { name: 'an unknown role', path: `${PATH}/other`, status: 404, code: 'NotFound' },
    { name: 'a longer word', path: `${PATH}s`, status: 404, code: 'NotFound' },
    { name: 'a doubled slash', path: `/${PATH}`, status: 404, code: 'NotFound' },
    { name: 'a POST', method: 'POST', status: 405, code: 'MethodNotAllowed' },
    {
      name: 'another host',
      headers: { host: 'evil.example' },
      status: 403,
      code: 'HostNotAllowed',
    },
    {
      name: 'an address that is not ours',
      headers: { host: '169.254.169.254' },
      status: 403,
      code: 'HostNotAllowed',
    },
    {
      name: 'a forwarded request',
      headers: { 'x-forwarded-for': '10.0.0.1' },
      status: 403,
      code: 'ForwardedRequest',
    },
    {
      name: 'a web page',
      headers: { origin: 'http://localhost' },
      status: 403,
      code: 'BrowserRequest',
    },
    {
      name: 'a cross-site request',
      headers: { 'sec-fetch-site': 'cross-site' },
      status: 403,
      code: 'BrowserRequest',
    },
  ] as {
    name: string
    path?: string
    headers?: OutgoingHttpHeaders
    method?: string
    status: number
    code: string
  }[]) {
    it(`answers ${status} to ${name}, in the error form of every SDK and with no credential in it`, async () => {
      const reply = await ask(path, headers, method)
      expect(reply.status).to.equal(status)
      expect(reply.headers['content-type']).to.equal('application/json')
      const error = JSON.parse(reply.body) as Record<string, string>
      expect(Object.keys(error)).to.deep.equal(['code', 'message', 'Code', 'Message'])
      expect(error['Code']).to.equal(code).and.to.equal(error['code'])
      expect(error['Message']).to.equal(error['message']).and.to.not.equal('')
      expect(reply.body).to.not.match(/canary|ASIA/)
      if (status === 405) expect(reply.headers.allow).to.equal('GET, HEAD')
    })
  }

  for (const headers of [
    { authorization: `  ${TOKEN} ` },
    { authorization: `Bearer ${TOKEN}` },
    { authorization: 'the-token-before-it-1234' },
    { host: 'localhost' },
    { host: 'LOCALHOST:1' },
    { host: '[::1]:9911' },
    { host: '127.0.0.1' },
    { 'sec-fetch-site': 'none' },
    { 'amz-sdk-request': 'attempt=1; max=3', 'accept-encoding': 'gzip' },
  ] as OutgoingHttpHeaders[]) {
    it(`serves a request with ${JSON.stringify(headers).replaceAll(TOKEN, 'TOKEN')}`, async () => {
      expect((await ask(PATH, headers)).status).to.equal(200)
    })
  }

  it('answers 503 at once when it holds no session, and never a blank document', async () => {
    held = undefined
    const { status, body } = await ask()
    expect(status).to.equal(503)
    expect(body).to.contain('NoSession').and.to.not.contain('AccessKeyId')
  })

  it('answers HEAD without a body', async () => {
    const { status, body, headers } = await ask(PATH, {}, 'HEAD')
    expect(status).to.equal(200)
    expect(body).to.equal('')
    expect(Number(headers['content-length'])).to.be.greaterThan(0)
  })

  it('serves HTTP/1.0 clients without a Host header', async () => {
    const text = await raw(`GET ${PATH} HTTP/1.0\r\nAuthorization: ${TOKEN}\r\n\r\n`)
    expect(text)
      .to.match(/^HTTP\/1\.1 200 /)
      .and.to.contain('AccessKeyId')
  })

  it('does not take in a body: it answers and closes', async () => {
    const text = await raw(
      `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(1000)}`,
    )
    expect(text).to.match(/^HTTP\/1\.1 405 /)
    expect(text.toLowerCase()).to.contain('connection: close')
  })

  for (const { name, bytes, status } of [
    {
      name: 'headers that are too long',
      bytes: `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      status: 431,
    },
    { name: 'what is not HTTP', bytes: 'hello\r\n\r\n', status: 400 },
  ]) {
    it(`refuses ${name} and lives on`, async () => {
      expect(await raw(bytes)).to.match(new RegExp(`^HTTP/1.1 ${status} `))
      expect((await ask()).status).to.equal(200)
    })
  }

  it('keeps idle connections longer than any SDK does', () => {
    expect(server.keepAliveTimeout).to.be.greaterThan(95_000)
  })
})
