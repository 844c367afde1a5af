import { expect } from 'chai'
import type { ErrorCode } from '../../../src/errors.js'
import {
  authorizationTokenRequest,
  processAuthorizationTokenResponse,
} from '../../../src/ecr/authorization-token.js'
import { parseRegistryHost, type Registry } from '../../../src/ecr/registry-host.js'
import { throwsWithCode } from '../../support/rejects.js'
import { HOST } from '../../support/ecr.js'

const AT = new Date('2026-06-01T12:00:00Z')
const HOURS = 3_600_000
const OWN = parseRegistryHost(HOST)?.registry as Registry
const PUBLIC = parseRegistryHost('public.ecr.aws')?.registry as Registry

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const data = (change: object = {}): object => ({
  authorizationToken: base64('AWS:a:b:c'),
  expiresAt: AT.getTime() / 1000 + 12 * 3600 + 0.5,
  proxyEndpoint: `https://${HOST}`,
  ...change,
})
const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const read = (body: unknown, registry = OWN) =>
  processAuthorizationTokenResponse(registry, answer(body), AT)

describe('authorizationTokenRequest', () => {
  it('asks without the deprecated registryIds', () => {
    const endpoint = { protocol: 'https:', hostname: 'api.ecr.eu-central-1.amazonaws.com' } as const
    const { body, headers } = authorizationTokenRequest(OWN, endpoint)
    expect(body).to.equal('{}')
    expect(headers['x-amz-target']).to.match(/^AmazonEC2ContainerRegistry_V20150921\./)
    expect(authorizationTokenRequest(PUBLIC, endpoint).headers['x-amz-target']).to.equal(
      'SpencerFrontendService.GetAuthorizationToken',
    )
  })
})

describe('processAuthorizationTokenResponse', () => {
  it('splits at the first colon only', () => {
    const token = read({ authorizationData: [data()] })
    expect(token.username).to.equal('AWS')
    expect(token.password.reveal()).to.equal('a:b:c')
    expect(token.lifeMs).to.equal(12 * HOURS + 500)
    expect(token.expiresAt).to.deep.equal(new Date(AT.getTime() + 12 * HOURS + 500))
  })

  it('takes the one object of the public gallery', () => {
    const token = read({ authorizationData: data({ proxyEndpoint: undefined }) }, PUBLIC)
    expect(token.password.reveal()).to.equal('a:b:c')
  })

  it('counts life by the clock of the service', () => {
    const ahead = answer({ authorizationData: [data()] }, 200, {
      date: 'Mon, 01 Jun 2026 14:00:00 GMT',
    })
    expect(processAuthorizationTokenResponse(OWN, ahead, AT).lifeMs).to.equal(10 * HOURS + 500)
  })

  for (const [what, body] of [
    ['nothing', {}],
    ['an empty list', { authorizationData: [] }],
    ['no password', { authorizationData: [data({ authorizationToken: base64('AWS:') })] }],
    ['another user', { authorizationData: [data({ authorizationToken: base64('me:pw') })] }],
    [
      'a password with a line break',
      { authorizationData: [data({ authorizationToken: base64('AWS:a\nb') })] },
    ],
    ['no end', { authorizationData: [data({ expiresAt: undefined })] }],
    ['an end in text', { authorizationData: [data({ expiresAt: '2026-06-02T00:00:00Z' })] }],
    ['an end that has passed', { authorizationData: [data({ expiresAt: AT.getTime() / 1000 })] }],
    ['HTML', '<html>'],
  ] as const) {
    it(`refuses ${what}, without repeating it`, () => {
      const error = throwsWithCode(() => read(body), 'ERR_RA_RESPONSE_INVALID')
      expect(`${error.message}${String(error.cause)}`).to.not.include('pw')
    })
  }

  const refusals: readonly (readonly [status: number, type: string, code: ErrorCode])[] = [
    [400, 'AccessDeniedException', 'ERR_RA_ECR_TOKEN_DENIED'],
    [400, 'UnrecognizedClientException', 'ERR_RA_ECR_SESSION_REFUSED'],
    [400, 'ExpiredTokenException', 'ERR_RA_ECR_SESSION_REFUSED'],
    [400, 'InvalidSignatureException', 'ERR_RA_ECR_SESSION_REFUSED'],
    [400, 'ThrottlingException', 'ERR_RA_THROTTLED'],
    [429, 'ThrottlingException', 'ERR_RA_THROTTLED'],
    [500, 'ServerException', 'ERR_RA_SERVICE_FAILED'],
    [400, 'InvalidParameterException', 'ERR_RA_RESPONSE_INVALID'],
    [302, 'Found', 'ERR_RA_RESPONSE_INVALID'],
  ]
  for (const [status, type, code] of refusals) {
    it(`calls HTTP ${status} ${type} ${code}`, () => {
      const refused = answer({ __type: type, message: 'no' }, status)
      throwsWithCode(() => processAuthorizationTokenResponse(OWN, refused, AT), code)
    })
  }
})
