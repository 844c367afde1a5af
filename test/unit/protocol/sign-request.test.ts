import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect } from 'chai'
import type { HttpRequest } from '../../../src/protocol/http-message.js'
import { signRequest } from '../../../src/protocol/sign-request.js'
import type { Signer } from '../../../src/protocol/signer.js'

const at = new Date('2026-05-06T07:08:09Z')
const scope = { region: 'eu-central-1', service: 'rolesanywhere' } as const
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function signer(fields: Partial<Signer> = {}): Signer {
  return {
    algorithm: 'AWS4-X509-ECDSA-SHA256',
    certificate: Buffer.from('leaf'),
    chain: [],
    serialNumber: '4096',
    sign: async (text) => sign('sha256', text, privateKey),
    ...fields,
  }
}

function request(fields: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    protocol: 'https:',
    hostname: 'rolesanywhere.eu-central-1.amazonaws.com',
    path: '/sessions',
    query: { roleArn: 'arn:aws:iam::123456789012:role/r' },
    headers: { 'Content-Type': 'application/json', 'User-Agent': 'test' },
    body: '{}',
    ...fields,
  }
}

describe('signRequest', () => {
  it('sets host, date, certificate and authorization, and signs all but the user agent', async () => {
    const { headers } = await signRequest(request(), signer(), scope, at)
    expect(Object.keys(headers).sort()).to.deep.equal([
      'authorization',
      'content-type',
      'host',
      'user-agent',
      'x-amz-date',
      'x-amz-x509',
    ])
    expect(headers['host']).to.equal('rolesanywhere.eu-central-1.amazonaws.com')
    expect(headers['x-amz-date']).to.equal('20260506T070809Z')
    expect(headers['x-amz-x509']).to.equal('bGVhZg==')
    expect(headers['authorization']).to.match(
      /^AWS4-X509-ECDSA-SHA256 Credential=4096\/20260506\/eu-central-1\/rolesanywhere\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-x509, Signature=[0-9a-f]+$/,
    )
  })

  it('signs the string to sign, as written by hand from the guide', async () => {
    const { headers } = await signRequest(request(), signer(), scope, at)
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
    const canonical = [
      'POST',
      '/sessions',
      'roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr',
      'content-type:application/json',
      'host:rolesanywhere.eu-central-1.amazonaws.com',
      'x-amz-date:20260506T070809Z',
      'x-amz-x509:bGVhZg==',
      '',
      'content-type;host;x-amz-date;x-amz-x509',
      sha256('{}'),
    ].join('\n')
    const text = [
      'AWS4-X509-ECDSA-SHA256',
      '20260506T070809Z',
      '20260506/eu-central-1/rolesanywhere/aws4_request',
      sha256(canonical),
    ].join('\n')
    const signature = headers['authorization']!.split('Signature=')[1]!
    const good = verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'hex'))
    expect(good).to.equal(true)
  })

  it('sends and signs the chain, in order and separated by commas', async () => {
    const chain = [Buffer.from('issuer'), Buffer.from('its issuer')]
    const { headers } = await signRequest(request(), signer({ chain }), scope, at)
    expect(headers['x-amz-x509-chain']).to.equal('aXNzdWVy,aXRzIGlzc3Vlcg==')
    expect(headers['authorization']).to.include('host;x-amz-date;x-amz-x509;x-amz-x509-chain,')
  })

  it('reads the certificate from a view into a larger buffer', async () => {
    const certificate = new Uint8Array(Buffer.from('xxleafxx')).subarray(2, 6)
    const { headers } = await signRequest(request(), signer({ certificate }), scope, at)
    expect(headers['x-amz-x509']).to.equal('bGVhZg==')
  })

  for (const { fields, host } of [
    { fields: { protocol: 'https:', hostname: 'h', port: 443 }, host: 'h' },
    { fields: { protocol: 'https:', hostname: 'h', port: 8443 }, host: 'h:8443' },
    { fields: { protocol: 'http:', hostname: '127.0.0.1', port: 80 }, host: '127.0.0.1' },
    { fields: { protocol: 'http:', hostname: '127.0.0.1', port: 443 }, host: '127.0.0.1:443' },
    { fields: { protocol: 'http:', hostname: '::1', port: 9443 }, host: '[::1]:9443' },
    { fields: { hostname: 'h', headers: { Host: 'other:1' } }, host: 'other:1' },
  ] as const) {
    it(`signs the host ${host} for ${JSON.stringify(fields)}`, async () => {
      const { headers } = await signRequest(request(fields), signer(), scope, at)
      expect(headers['host']).to.equal(host)
    })
  }

  it('replaces every trace of an earlier signature', async () => {
    const chain = [Buffer.from('issuer')]
    const first = await signRequest(request(), signer({ chain }), scope, at)
    const later = new Date('2026-05-07T00:00:00Z')
    const again = await signRequest(first, signer({ serialNumber: '7' }), scope, later)
    expect(again.headers).to.not.have.property('x-amz-x509-chain')
    expect(again.headers['x-amz-date']).to.equal('20260507T000000Z')
    expect(again.headers['authorization']).to.include(
      'Credential=7/20260507/eu-central-1/rolesanywhere/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-x509,',
    )
  })

  it('leaves the request that it was given alone', async () => {
    const given = request()
    const before = structuredClone(given)
    await signRequest(given, signer(), scope, at)
    expect(given).to.deep.equal(before)
  })

  it('passes on what the key throws', async () => {
    const failure = new Error('the device was pulled out')
    const broken = signer({ sign: async () => Promise.reject(failure) })
    const outcome = await signRequest(request(), broken, scope, at).catch((error: unknown) => error)
    expect(outcome).to.equal(failure)
  })
})
