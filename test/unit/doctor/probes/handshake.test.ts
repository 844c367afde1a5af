import { createServer as createHttpServer, type Server } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import { expect } from 'chai'
import { connectTo, handshake } from '../../../../src/doctor/probes/handshake.js'
import { trusting } from '../../../../src/session/tls-trust.js'
import { altName } from '../../../../src/pki/alt-names.js'
import type { CertifiedKey } from '../../../../src/pki/certificate.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import {
  listenOnLoopback,
  serverIdentity,
  testRoot,
  webServer,
} from '../../../support/tls-server.js'

const never = new AbortController().signal

describe('handshake', () => {
  let root: CertifiedKey
  let server: Server
  let port: number
  const requests: string[] = []
  before(async () => {
    root = await testRoot()
    server = webServer((request) => requests.push(request.url ?? ''), await serverIdentity(root))
    port = await listenOnLoopback(server)
  })
  after(() => server.close())

  const target = () => ({ hostname: '127.0.0.1', port, proxy: null })
  const trusted = () => ({
    secureContext: trusting({ name: 'roots', pem: root.certificate.toString() }, {}),
  })

  it('shows who issued a certificate that nobody here trusts', async () => {
    const seen = await handshake(target(), never)
    expect(seen.problem).to.match(/^(UNABLE_TO|SELF_SIGNED)/)
    expect(seen.issuer).to.equal('CN=Test Root')
    expect(seen.protocol).to.match(/^TLSv1\.[23]$/)
  })

  it('has no problem with a root that was given', async () => {
    expect((await handshake({ ...target(), ...trusted() }, never)).problem).to.equal(undefined)
  })

  it('notices a certificate for another name', async () => {
    const identity = await serverIdentity(root, undefined, altName('dns', 'other.example'))
    const other = webServer(() => {}, identity)
    const seen = await handshake(
      { ...target(), ...trusted(), port: await listenOnLoopback(other) },
      never,
    )
    other.close()
    expect(seen.problem).to.equal('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('sends nothing', () => expect(requests).to.deep.equal([]))

  it('fails where nobody speaks TLS', async () => {
    const plain = createHttpServer()
    const outcome = await handshake(
      { ...target(), port: await listenOnLoopback(plain) },
      never,
    ).catch((error: unknown) => error)
    plain.close()
    expect(outcome).to.be.an('error')
  })

  it('ends with its signal when the server says nothing', async () => {
    const ending = new AbortController()
    const silent = createTcpServer(() => ending.abort())
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve))
    const { port: at } = silent.address() as { port: number }
    const outcome = await handshake({ ...target(), port: at }, ending.signal).catch(
      (error: unknown) => error,
    )
    silent.close()
    expect(outcome).to.equal(ending.signal.reason)
  })

  describe('through a proxy', () => {
    let proxy: Server
    let url: URL
    let status = 200
    const seen: (string | undefined)[] = []
    before(async () => {
      proxy = createHttpServer().on('connect', (request, socket) => {
        seen.push(request.url, request.headers['proxy-authorization'])
        socket.write(`HTTP/1.1 ${status} X\r\n\r\n`)
        if (status !== 200) return socket.end()
        const through = connect(port, '127.0.0.1')
        return void socket.pipe(through).pipe(socket)
      })
      url = new URL(`http://user:secret@127.0.0.1:${await listenOnLoopback(proxy)}`)
    })
    after(() => proxy.close())

    it('looks at the certificate of the endpoint', async () => {
      const { issuer } = await handshake({ ...target(), proxy: url }, never)
      expect(issuer).to.equal('CN=Test Root')
      expect(seen).to.deep.equal([`127.0.0.1:${port}`, 'Basic dXNlcjpzZWNyZXQ='])
    })

    it('says that the proxy refused, and not the password', async () => {
      status = 407
      const error = await rejectsWithCode(
        handshake({ ...target(), proxy: url }, never),
        'ERR_RA_PROXY_FAILED',
      )
      expect(error.message).to.contain('407').and.not.contain('secret')
    })
  })
})

describe('connectTo', () => {
  it('rejects with the code of the system', async () => {
    const server = createTcpServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await connectTo({ hostname: '127.0.0.1', port }, never)
    await new Promise((resolve) => server.close(resolve))
    const outcome = await connectTo({ hostname: '127.0.0.1', port }, never).catch(
      (error: unknown) => error,
    )
    expect(outcome).to.have.property('code', 'ECONNREFUSED')
  })
})
