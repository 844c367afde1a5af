import { createHash } from 'node:crypto'
import { expect } from 'chai'
import {
  amzDate,
  canonicalQuery,
  canonicalRequest,
  credentialScope,
  stringToSign,
} from '../../../src/protocol/canonical-request.js'
import type { HttpRequest } from '../../../src/protocol/http-message.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

function request(fields: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    protocol: 'https:',
    hostname: 'service.test.invalid',
    path: '/sessions',
    query: {},
    headers: { host: 'service.test.invalid' },
    body: '',
    ...fields,
  }
}

describe('canonicalRequest', () => {
  it("arrives at the hash of the AWS guide's own example", async () => {
    const { text, signedHeaders } = await canonicalRequest(
      request({
        method: 'GET',
        path: '/',
        query: { Version: '2010-05-08', Action: 'ListUsers' },
        headers: {
          Host: 'iam.amazonaws.com',
          'X-Amz-Date': '20150830T123600Z',
          'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
        },
      }),
    )
    expect(signedHeaders).to.equal('content-type;host;x-amz-date')
    expect(sha256(text)).to.equal(
      'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59',
    )
  })

  it('has the form that the specification writes down', async () => {
    const { text } = await canonicalRequest(
      request({
        query: { roleArn: 'arn:aws:iam::123456789012:role/a b', profileArn: "p'(=)*!~" },
        headers: { 'X-B': '  two   words\t ', host: 'h', 'x-a': '1' },
        body: '{"foo": 123}',
      }),
    )
    expect(text).to.equal(
      [
        'POST',
        '/sessions',
        'profileArn=p%27%28%3D%29%2A%21~&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%20b',
        'host:h',
        'x-a:1',
        'x-b:two words',
        '',
        'host;x-a;x-b',
        '8ae301e76251dfa937e27312e3f89be4941c49e2094f3dafe614ed3c8235fbf9',
      ].join('\n'),
    )
  })

  it('signs every header but the three that may change on the way', async () => {
    const names = [
      'accept-encoding',
      'cache-control',
      'connection',
      'content-length',
      'expect',
      'host',
      'proxy-thing',
      'sec-thing',
      'te',
    ]
    const never = ['Authorization', 'User-Agent', 'X-Amzn-Trace-Id']
    const headers = Object.fromEntries([...names, ...never].map((name) => [name, 'x']))
    const { signedHeaders } = await canonicalRequest(request({ headers }))
    expect(signedHeaders).to.equal(names.join(';'))
  })

  it('signs exactly the named headers when they are named', async () => {
    const headers = { Host: 'h', 'Content-Length': '2', 'User-Agent': 'a', te: 'b', other: 'c' }
    const named = ['te', 'HOST', 'user-agent']
    const { text, signedHeaders } = await canonicalRequest(request({ headers }), named)
    expect(signedHeaders).to.equal('host;te;user-agent')
    expect(text).to.equal(
      `POST\n/sessions\n\nhost:h\nte:b\nuser-agent:a\n\nhost;te;user-agent\n${EMPTY_SHA256}`,
    )
  })

  it('does not pass over a named header that is missing', async () => {
    const outcome = await canonicalRequest(request(), ['host', 'x-amz-date']).catch(
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(TypeError)
  })

  it('hashes a body as UTF-8', async () => {
    const { text } = await canonicalRequest(request({ body: '{"name":"Zoë ☃ 𝄞"}' }))
    expect(text.endsWith(`\n${sha256('{"name":"Zoë ☃ 𝄞"}')}`)).to.equal(true)
  })
})

describe('canonicalQuery', () => {
  it('sorts by encoded name and leaves nothing but unreserved characters', () => {
    expect(canonicalQuery(request({ query: { b: '2', 'a-b': '1', a: 'x=y&z/é' } }))).to.equal(
      'a=x%3Dy%26z%2F%C3%A9&a-b=1&b=2',
    )
  })

  it('is empty for an empty query', () => {
    expect(canonicalQuery(request())).to.equal('')
  })
})

describe('stringToSign', () => {
  // Recomputed from the published test of sorah/needroleshere, whose service is called "service".
  it('arrives at the hash of a published vector', async () => {
    const at = new Date('2022-08-27T01:02:03.999Z')
    const scope = credentialScope(at, { region: 'us-east-1', service: 'service' })
    expect(scope).to.equal('20220827/us-east-1/service/aws4_request')
    expect(amzDate(at)).to.equal('20220827T010203Z')
    const canonicalHash = 'ec6ee79334d78a4a3b4ac1a7f578e8c4ac7cc817fb06b6fb732dd71121f6e4be'
    const expected = ['AWS4-X509-RSA-SHA256', '20220827T010203Z', scope, canonicalHash].join('\n')
    expect(sha256(expected)).to.equal(
      'a171fa6f8b0bb9a8df73ce052cf27636eccf53b8435c85542b92571754fee0c8',
    )

    const text = await stringToSign('AWS4-X509-RSA-SHA256', at, scope, 'canonical')
    expect(text).to.equal(expected.replace(canonicalHash, sha256('canonical')))
  })

  it('takes the day of the scope from UTC', () => {
    const at = new Date('2026-01-01T00:30:00+02:00')
    expect(credentialScope(at, { region: 'r', service: 's' })).to.equal('20251231/r/s/aws4_request')
  })
})
