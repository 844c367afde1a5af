import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net'
import { expect } from 'chai'
import type { HttpRequest } from '../../../src/protocol/http-message.js'
import { altName } from '../../../src/pki/alt-names.js'
import type { CertifiedKey } from '../../../src/pki/certificate.js'
import { createHttpClient, type HttpClientInit } from '../../../src/session/http-client.js'
import { rejectsWithCode } from '../../support/rejects.js'
import { listenOnLoopback, serverIdentity, testRoot, webServer } from '../../support/tls-server.js'

describe('createHttpClient', () => {
  let root: CertifiedKey
  const servers: (Server | TcpServer)[] = []
  const sockets = new Set<Socket>()

  before(async () => {
    root = await testRoot()
  })
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    for (const server of servers.splice(0)) server.close()
  })

  async function start(server: Server | TcpServer): Promise<number> {
    servers.push(server)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    return listenOnLoopback(server)
  }

  const echo = (request: IncomingMessage, response: ServerResponse): void => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      response.setHeader('x-twice', ['a', 'b'])
      response.statusCode = 418
      response.end(
        JSON.stringify({
          method: request.method,
          target: request.url,
          headers: request.headers,
          body,
        }),
      )
    })
  }

  const requestTo = (port: number, more: Partial<HttpRequest> = {}): HttpRequest => ({
    method: 'POST',
    protocol: 'https:',
    hostname: '127.0.0.1',
    port,
    path: '/sessions',
    query: { b: 'x/y', a: ':' },
    headers: { 'x-one': '1' },
    body: '{"ä":1}',
    ...more,
  })

  const trusting = (more: Partial<HttpClientInit> = {}): HttpClientInit => ({
    env: {},
    caBundle: { name: 'CA bundle "test"', pem: `# a comment\n${root.certificate.toString()}` },
    ...more,
  })

  const send = async (
    init: HttpClientInit,
    request: HttpRequest,
    signal = new AbortController().signal,
  ) => createHttpClient(init)(request, signal)

  it('sends method, encoded target, headers and body, and returns whatever comes back', async () => {
    const port = await start(webServer(echo, await serverIdentity(root)))
    const response = await send(trusting(), requestTo(port))
    expect(response.status).to.equal(418)
    expect(response.headers['x-twice']).to.equal('a, b')
    const seen = JSON.parse(response.body) as Record<string, unknown>
    expect(seen).to.include({ method: 'POST', target: '/sessions?a=%3A&b=x%2Fy', body: '{"ä":1}' })
    expect(seen['headers']).to.include({ 'x-one': '1', 'content-length': '8' })
  })

  it('speaks plain HTTP to loopback, whatever proxies are set', async () => {
    const port = await start(webServer(echo))
    const env = { HTTPS_PROXY: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' }
    expect((await send({ env }, requestTo(port, { protocol: 'http:' }))).status).to.equal(418)
  })

  describe('trust', () => {
    it('refuses a certificate whose root it does not know, and says how to name it', async () => {
      const port = await start(webServer(echo, await serverIdentity(root)))
      const error = await rejectsWithCode(send({ env: {} }, requestTo(port)), 'ERR_RA_TLS_FAILED')
      expect(error.hint).to.contain('--ca-bundle')
    })

    it('keeps refusing it with a bundle of another root', async () => {
      const port = await start(webServer(echo, await serverIdentity(await testRoot())))
      await rejectsWithCode(send(trusting(), requestTo(port)), 'ERR_RA_TLS_FAILED')
    })

    it('accepts it when told not to check', async () => {
      const port = await start(webServer(echo, await serverIdentity(root)))
      expect((await send({ env: {}, verifyTls: false }, requestTo(port))).status).to.equal(418)
    })

    it('refuses a certificate for another name', async () => {
      const identity = await serverIdentity(root, undefined, altName('dns', 'other.example'))
      const port = await start(webServer(echo, identity))
      await rejectsWithCode(send(trusting(), requestTo(port)), 'ERR_RA_TLS_FAILED')
    })

    for (const { name, pem } of [
      { name: 'empty', pem: '' },
      { name: 'without a certificate', pem: 'hello' },
      {
        name: 'with a broken certificate',
        pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      },
    ]) {
      it(`refuses a bundle that is ${name}`, async () => {
        await rejectsWithCode(
          send({ env: {}, caBundle: { name: 'CA bundle "x"', pem } }, requestTo(1)),
          'ERR_RA_CA_BUNDLE_INVALID',
        )
      })
    }
  })

  describe('failures', () => {
    it('says that a connection was refused', async () => {
      const port = await start(createTcpServer())
      servers.pop()?.close()
      const error = await rejectsWithCode(
        send({ env: {} }, requestTo(port)),
        'ERR_RA_ENDPOINT_UNREACHABLE',
      )
      expect(error.message).to.equal(
        `cannot reach https://127.0.0.1:${port}: the connection was refused`,
      )
    })

    it('says that a name does not resolve', async () => {
      const request = requestTo(443, { hostname: 'rolesanywhere.invalid' })
      const error = await rejectsWithCode(send({ env: {} }, request), 'ERR_RA_ENDPOINT_UNREACHABLE')
      expect(error.message).to.match(/does not resolve|name server does not answer/)
    })

    it('says that the connection was closed', async () => {
      const port = await start(createTcpServer((socket) => socket.destroy()))
      await rejectsWithCode(send({ env: {} }, requestTo(port)), 'ERR_RA_ENDPOINT_UNREACHABLE')
    })

    it('says that the port does not speak TLS', async () => {
      const port = await start(
        createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      )
      await rejectsWithCode(send({ env: {} }, requestTo(port)), 'ERR_RA_TLS_FAILED')
    })

    it('says that the answer is no HTTP', async () => {
      const port = await start(createTcpServer((socket) => socket.end('hello\r\n\r\n')))
      await rejectsWithCode(
        send({ env: {} }, requestTo(port, { protocol: 'http:' })),
        'ERR_RA_ENDPOINT_UNREACHABLE',
      )
    })

    it('says that the body broke off', async () => {
      const port = await start(
        createTcpServer((socket) =>
          socket.end('HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nabc'),
        ),
      )
      await rejectsWithCode(
        send({ env: {} }, requestTo(port, { protocol: 'http:' })),
        'ERR_RA_ENDPOINT_UNREACHABLE',
      )
    })

    it('takes in no more than 64 KiB of an endless answer', async () => {
      const port = await start(
        webServer((_request, response) => {
          const more = (): void => void (response.write('x'.repeat(16_384)) && setImmediate(more))
          response.on('drain', more)
          more()
        }),
      )
      await rejectsWithCode(
        send({ env: {} }, requestTo(port, { protocol: 'http:' })),
        'ERR_RA_RESPONSE_INVALID',
      )
    })

    it('ends at once when it is aborted', async () => {
      const port = await start(webServer(() => {}))
      const giveUp = new AbortController()
      const outcome = send(
        { env: {} },
        requestTo(port, { protocol: 'http:' }),
        giveUp.signal,
      ).catch((error: unknown) => error)
      setImmediate(() => giveUp.abort())
      expect(((await outcome) as Error).name).to.equal('AbortError')
    })
  })

  describe('through a proxy', () => {
    /** What the proxy was asked, a line each. */
    let asked: string[]

    /** A CONNECT proxy that takes every name to the target's port on loopback. */
    const proxyTo = (targetPort: number, status = '200 Connection established') =>
      createTcpServer((socket) => {
        socket.on('error', () => {
          // The client gave up.
        })
        socket.once('data', (head: Buffer) => {
          asked = head.toString('latin1').trimEnd().split('\r\n')
          socket.write(`HTTP/1.1 ${status}\r\n\r\n`)
          if (!status.startsWith('200')) return socket.end()
          const target = connectTcp(targetPort, '127.0.0.1')
          target.on('error', () => socket.destroy())
          return void socket.pipe(target).pipe(socket)
        })
      })

    beforeEach(() => (asked = []))

    const viaProxy = async (status?: string) => {
      const identity = await serverIdentity(root, undefined, altName('dns', 'service.example'))
      const target = await start(webServer(echo, identity))
      return start(proxyTo(target, status))
    }
    const request = requestTo(443, { hostname: 'service.example' })

    it('asks for a tunnel, with the credentials of the proxy URL, and checks the endpoint itself', async () => {
      const port = await viaProxy()
      const env = { HTTPS_PROXY: `http://user:p%40ss@127.0.0.1:${port}` }
      expect((await send(trusting({ env }), request)).status).to.equal(418)
      expect(asked[0]).to.equal('CONNECT service.example:443 HTTP/1.1')
      const credentials = Buffer.from('user:p@ss').toString('base64')
      expect(asked).to.include(`Proxy-Authorization: Basic ${credentials}`)
      await rejectsWithCode(send({ env }, request), 'ERR_RA_TLS_FAILED')
    })

    it('goes through a proxy that is itself reached by TLS', async () => {
      const identity = await serverIdentity(root, undefined, altName('dns', 'service.example'))
      const target = await start(webServer(echo, identity))
      const proxy = webServer(() => {}, await serverIdentity(root))
      proxy.on('connect', (_request: IncomingMessage, socket: Socket) => {
        const onward = connectTcp(target, '127.0.0.1')
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.pipe(onward).pipe(socket)
        socket.on('error', () => onward.destroy())
      })
      const env = { HTTPS_PROXY: `https://127.0.0.1:${await start(proxy)}` }
      expect((await send(trusting({ env }), request)).status).to.equal(418)
    })

    it('goes around it for what NO_PROXY names', async () => {
      const env = { HTTPS_PROXY: `http://127.0.0.1:${await viaProxy()}`, NO_PROXY: '.invalid' }
      const direct = requestTo(443, { hostname: 'service.invalid' })
      await rejectsWithCode(send({ env }, direct), 'ERR_RA_ENDPOINT_UNREACHABLE')
      expect(asked).to.deep.equal([])
    })

    for (const { status, hint } of [
      { status: '407 Proxy Authentication Required', hint: /user and password/ },
      { status: '403 Forbidden', hint: /NO_PROXY/ },
    ]) {
      it(`says that the proxy answered ${status}, without its password`, async () => {
        const env = { HTTPS_PROXY: `http://user:hunter2@127.0.0.1:${await viaProxy(status)}` }
        const error = await rejectsWithCode(send(trusting({ env }), request), 'ERR_RA_PROXY_FAILED')
        expect(error.message).to.contain(`HTTP ${status.slice(0, 3)}`)
        expect(error.hint).to.match(hint)
        expect(`${error.message}${String(error.hint)}`).to.not.contain('hunter2')
      })
    }

    it('lets go of a proxy that never answers as soon as it is aborted', async () => {
      const giveUp = new AbortController()
      let closed: Promise<unknown> = Promise.resolve()
      const silent = createTcpServer((socket) => {
        closed = new Promise((resolve) => socket.once('close', resolve))
        socket.on('error', () => {
          // The client gave up.
        })
        socket.once('data', () => giveUp.abort())
      })
      const env = { HTTPS_PROXY: `http://127.0.0.1:${await start(silent)}` }
      const outcome: unknown = await send({ env }, request, giveUp.signal).catch(
        (error: unknown) => error,
      )
      expect((outcome as Error).name).to.equal('AbortError')
      await closed
    })

    it('says that the proxy cannot be reached, and names it instead of the endpoint', async () => {
      const port = await start(createTcpServer())
      servers.pop()?.close()
      const env = { HTTPS_PROXY: `http://user:hunter2@127.0.0.1:${port}` }
      const error = await rejectsWithCode(send({ env }, request), 'ERR_RA_PROXY_FAILED')
      expect(error.message).to.equal(`proxy 127.0.0.1:${port}: the connection was refused`)
    })
  })
})
