import { connect } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { type Emulator, createEmulator } from '../../../src/emulator/index.js'
import {
  type AwsRequestInit,
  NOW,
  awsRequest,
  headerOf,
  sessionRequest,
  withHeader,
} from '../../support/emulator-client.js'
import { sessionKeys, stateFor } from '../../support/emulator-fixture.js'
import { type TestIdentity, createLeaf, createRoot } from '../../support/emulator-pki.js'
import { type RawRequest, requestBytes, sendBytes, sendRaw } from '../../support/raw-http.js'

/** Values that parsers of headers have stumbled over. */
const NASTY = [
  '',
  ',',
  ',,,,',
  '%',
  '%zz',
  '\u0080\u00ff',
  'A'.repeat(70_000),
  '9'.repeat(5000),
  '-1',
  '__proto__',
  'MAA=',
  'MIL/////',
  'MIAwgDCAMIA=',
  Buffer.from('30'.repeat(5000), 'hex').toString('base64'),
]

describe('the emulator survives', () => {
  let emulator: Emulator
  let leaf: TestIdentity

  before(async () => {
    const root = await createRoot()
    leaf = await createLeaf(root)
    emulator = await createEmulator({ state: stateFor(root), at: NOW })
  })

  after(async () => emulator.close())

  afterEach(async () => {
    const response = await sendRaw(emulator.port, sessionRequest(leaf))
    expect(response.status, 'a good request afterwards').to.equal(201)
  })

  const BROKEN: readonly (readonly [what: string, bytes: string, status: number])[] = [
    ['a malformed request line', 'POST\r\n\r\n', 400],
    ['a line that is no request', '\u0016\u0003\u0001 hello\r\n\r\n', 400],
    ['a request without a host', 'POST /sessions HTTP/1.1\r\ncontent-length: 0\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab', 400],
    ['an absurd length', 'POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n', 400],
    ['headers of 200 KiB', `GET / HTTP/1.1\r\nx: ${'y'.repeat(200_000)}\r\n\r\n`, 431],
    ['a target that is no URL', 'GET http://[ HTTP/1.1\r\nhost: x\r\n\r\n', 404],
    ['a target with a broken escape', 'GET /%zz/%ff?%=%zz HTTP/1.1\r\nhost: x\r\n\r\n', 404],
    ['a target of slashes', 'GET //// HTTP/1.1\r\nhost: x\r\n\r\n', 404],
    [
      'an upgrade',
      'GET /x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
      404,
    ],
    ['an expectation', 'GET /x HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n', 404],
  ]
  for (const [what, bytes, status] of BROKEN) {
    it(`${what}, and answers ${status} in JSON`, async () => {
      const response = await sendBytes(emulator.port, Buffer.from(bytes, 'latin1'))
      if (response === 'cut') throw new Error('cut')
      expect(response.status).to.equal(status)
      expect(JSON.parse(response.body)).to.have.property('message')
      expect(response.headers).to.have.property('x-amzn-errortype')
      expect(response.headers).to.have.property('x-amzn-requestid')
      expect(response.headers['date'], 'the pinned time').to.equal(NOW.toUTCString())
    })
  }

  it('a body above 64 KiB, and refuses it in the shape of the service', async () => {
    const request = sessionRequest(leaf, { rawBody: ' '.repeat(64 * 1024 + 1) })
    const response = await sendRaw(emulator.port, request)
    expect(response.status).to.equal(413)
    expect(response.headers['x-amzn-errortype']).to.equal('RequestEntityTooLargeException')
  })

  it('a body above 64 KiB for a control route, and says that it is too large', async () => {
    const response = await sendRaw(emulator.port, {
      method: 'POST',
      target: '/_emulator/faults',
      headers: [
        ['host', '127.0.0.1'],
        ['content-length', String(64 * 1024 + 1)],
      ],
      body: ' '.repeat(64 * 1024 + 1),
    })
    expect(response.status).to.equal(413)
  })

  it('a chunked body, which it takes as any other', async () => {
    const request = sessionRequest(leaf)
    const body = String(request.body)
    const headers = request.headers.map(([name, value]): [string, string] =>
      name === 'content-length' ? ['transfer-encoding', 'chunked'] : [name, value],
    )
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const response = await sendRaw(emulator.port, { ...request, headers, body: chunks })
    expect(response.status).to.equal(201)
  })

  it('a client that goes away in the middle of a body', async () => {
    const bytes = requestBytes(sessionRequest(leaf))
    await new Promise<void>((resolve) => {
      const socket = connect(emulator.port, '127.0.0.1', () => {
        socket.write(bytes.subarray(0, bytes.length - 5), () => {
          socket.destroy()
          resolve()
        })
      })
    })
  })

  for (const name of ['x-amz-x509', 'x-amz-x509-chain', 'x-amz-date', 'authorization', 'host']) {
    it(`any value of ${name}`, async () => {
      const request = sessionRequest(leaf, { headers: { 'x-amz-x509-chain': 'x' } })
      for (const value of NASTY) {
        const response = await sendRaw(emulator.port, withHeader(request, name, value))
        expect(response.status, value.slice(0, 20)).to.equal(403)
      }
    })
  }

  it('any parts of an authorization', async () => {
    const request = sessionRequest(leaf)
    const good = headerOf(request, 'authorization')
    const parts = fc.array(fc.oneof(fc.constantFrom(...good.split(/(?=[ ,/;=])/)), word), {
      maxLength: 14,
    })
    await fc.assert(
      fc.asyncProperty(parts, async (pieces) => {
        const text = pieces.join('')
        fc.pre(text !== good)
        const response = await sendRaw(emulator.port, withHeader(request, 'authorization', text))
        expect(response.status).to.be.within(400, 499)
      }),
      { numRuns: 60 },
    )
  })

  it('any request', async () => {
    const paths = fc.oneof(
      fc.constantFrom('/', '/sessions', '/v2/', '/v2/a/tags/list', '/alpha/k', '/_emulator/faults'),
      fc.webPath(),
    )
    const headerNames = fc.constantFrom(
      ...['host', 'authorization', 'x-amz-date', 'x-amz-x509', 'x-amz-x509-chain', 'x-amz-target'],
      ...['x-amz-content-sha256', 'x-amz-security-token', 'content-type', 'origin', 'cookie'],
    )
    const starts = fc.constantFrom(
      ...['AWS4-X509-ECDSA-SHA256 Credential=1', 'AWS4-HMAC-SHA256 Credential=', 'Basic QVdTOg=='],
      ...['AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken', 'STREAMING-x', ''],
    )
    const requests: fc.Arbitrary<RawRequest> = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH'),
      target: fc.tuple(paths, word).map(([path, query]) => `${path}?${query}`),
      headers: fc.array(
        fc.tuple(
          headerNames,
          fc.tuple(starts, word).map((halves) => halves.join('')),
        ),
        { maxLength: 8 },
      ),
      body: fc.oneof(fc.json(), fc.string(), word),
    })
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const length = String(Buffer.byteLength(request.body))
        const headers = [...request.headers, ['content-length', length] as const]
        const response = await sendRaw(emulator.port, { ...request, headers })
        // Nothing is granted to anybody who proved nothing, and nothing breaks.
        const control = request.target.startsWith('/_emulator/')
        expect(response.status)
          .to.be.within(control ? 200 : 400, 501)
          .and.not.equal(500)
      }),
      { numRuns: 150 },
    )
    expect(emulator.requests.every(({ errorCode }) => errorCode !== 'InternalFailure')).to.equal(
      true,
    )
  })

  it('any body that is signed', async () => {
    const member = fc.constantFrom(
      ...[
        'durationSeconds',
        'roleSessionName',
        'roleArn',
        'cert',
        '__proto__',
        'instanceProperties',
      ],
    )
    const body = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.dictionary(member, fc.jsonValue({ maxDepth: 1 })).map((value) => JSON.stringify(value)),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(body, async (rawBody) => {
        const response = await sendRaw(emulator.port, sessionRequest(leaf, { rawBody }))
        expect(response.status).to.be.oneOf([201, 400, 403])
      }),
      { numRuns: 100 },
    )
  })

  it('any request that session keys signed', async () => {
    const keys = await sessionKeys(emulator, leaf)
    const names = ['list-type', 'max-keys', 'max-buckets', 'continuation-token', 'prefix'] as const
    const more = ['delimiter', 'start-after', 'encoding-type', 'acl', 'Action', 'x-id'] as const
    const text = fc.oneof(fc.constantFrom('2', '0', '-1', '/', '', 'url', 'a'), fc.string())
    const segment = fc.oneof(fc.constantFrom('alpha', 'beta', '', '.', '..'), fc.string())
    const calls: fc.Arbitrary<AwsRequestInit> = fc.record({
      service: fc.constantFrom('s3', 's3', 's3', 'sts', 'ecr'),
      method: fc.constantFrom('GET', 'GET', 'PUT', 'HEAD', 'POST', 'DELETE'),
      path: fc
        .array(segment, { maxLength: 4 })
        .map((segments) => `/${segments.map(encode).join('/')}`),
      query: fc.dictionary(fc.constantFrom(...names, ...more), text, { maxKeys: 5 }),
      body: fc.oneof(fc.constant(''), fc.json({ maxDepth: 2 })),
      headers: fc.constantFrom(
        {},
        { 'content-type': 'text/plain' },
        { 'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken' },
      ),
    })
    await fc.assert(
      fc.asyncProperty(calls, async (call) => {
        const response = await sendRaw(emulator.port, awsRequest(keys, call))
        expect(response.status, response.body).to.satisfy((x: number) => x < 500 || x === 501)
        if (
          call.service === 's3' &&
          !call.headers?.['x-amz-target'] &&
          call.query?.['Action'] === undefined
        ) {
          expect(response.body).not.to.include('SignatureDoesNotMatch')
        }
      }),
      { numRuns: 200 },
    )
  })
})

/** Percent-encodes as signatures demand. */
const encode = (part: string): string =>
  encodeURIComponent(part).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** Text that a request line or a header can carry. */
const word = fc.string({
  unit: fc.constantFrom(...'abz09%+&=/,;: -_.~!\'()*"{}[]@#$^|\\<>?'.replace(' ', '').split('')),
  maxLength: 40,
})
