import { expect } from 'chai'
import fc from 'fast-check'
import {
  credentialProviderResponse,
  noCredentialsResponse,
  parseCredentialProviderRequest,
} from '../../../src/ecr/credential-provider.js'
import { Secret } from '../../../src/secret.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { HOST } from '../../support/ecr.js'
import { throwsWithCode } from '../../support/rejects.js'

const MINUTE = 60_000
const AT = new Date('2026-06-01T12:00:00Z')
const V1 = 'credentialprovider.kubelet.k8s.io/v1'
const request = (change: object = {}): string =>
  JSON.stringify({
    kind: 'CredentialProviderRequest',
    apiVersion: V1,
    image: `${HOST}/team/app`,
    ...change,
  })

describe('parseCredentialProviderRequest', () => {
  it('reads what the kubelet writes', () => {
    expect(parseCredentialProviderRequest(request())).to.deep.equal({
      apiVersion: V1,
      image: `${HOST}/team/app`,
    })
    const tokens = { serviceAccountToken: 'a.b.c', serviceAccountAnnotations: { k: 'v' } }
    expect(parseCredentialProviderRequest(request(tokens))).to.deep.include(tokens)
  })

  it('ignores what a later kubelet may add', () => {
    expect(parseCredentialProviderRequest(request({ more: 1 }))).to.not.have.property('more')
  })

  for (const [what, text] of [
    ['nothing', ''],
    ['two documents', request() + request()],
    ['a list', '[]'],
    ['null', 'null'],
    ['another kind', request({ kind: 'CredentialProviderResponse' })],
    ['another group', request({ apiVersion: 'v1' })],
    ['an alpha version', request({ apiVersion: 'credentialprovider.kubelet.k8s.io/v1alpha1' })],
    ['no image', request({ image: undefined })],
    ['an empty image', request({ image: '' })],
    ['an endless image', request({ image: 'x'.repeat(5000) })],
    ['a token of a number', request({ serviceAccountToken: 1 })],
    ['a token in v1beta1', request({ apiVersion: `${V1}beta1`, serviceAccountToken: 't' })],
    ['annotations of numbers', request({ serviceAccountAnnotations: { a: 1 } })],
  ] as const) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => parseCredentialProviderRequest(text), 'ERR_RA_INPUT_INVALID')
    })
  }

  it('never repeats the input', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{20}$/), fc.jsonValue(), (secret, value) => {
        const text = JSON.stringify({ serviceAccountToken: secret, value })
        try {
          parseCredentialProviderRequest(text)
        } catch (error) {
          expect(error).to.be.instanceOf(RolesAnywhereError)
          expect(JSON.stringify(error) + String(error)).to.not.include(secret)
        }
      }),
    )
  })
})

describe('credentialProviderResponse', () => {
  const token = (lifeMs: number) => ({
    username: 'AWS' as const,
    password: new Secret('pw'),
    expiresAt: new Date(AT.getTime() + lifeMs),
    obtainedAt: AT,
    lifeMs,
  })
  const parsed = parseCredentialProviderRequest(request())

  it('holds the fields of the API and no other', () => {
    expect(credentialProviderResponse(parsed, HOST, token(720 * MINUTE), AT)).to.deep.equal({
      kind: 'CredentialProviderResponse',
      apiVersion: V1,
      cacheKeyType: 'Registry',
      cacheDuration: '6h0m0s',
      auth: { [HOST]: { username: 'AWS', password: 'pw' } },
    })
  })

  it('answers in the version of the request', () => {
    const beta = parseCredentialProviderRequest(request({ apiVersion: `${V1}beta1` }))
    expect(credentialProviderResponse(beta, HOST, token(720 * MINUTE), AT)).to.include({
      apiVersion: `${V1}beta1`,
    })
    expect(noCredentialsResponse(beta)).to.deep.include({ apiVersion: `${V1}beta1`, auth: {} })
  })

  for (const [left, duration] of [
    [7 * 60 * MINUTE, '3h30m0s'],
    [61 * MINUTE + 999, '0h30m30s'],
    [10 * MINUTE, '0h5m0s'],
    [10 * MINUTE - 1, '0s'],
    [0, '0s'],
    [-1, '0s'],
  ] as const) {
    it(`may be kept for ${duration} with ${left} ms left`, () => {
      const at = new Date(AT.getTime() + 720 * MINUTE - left)
      expect(credentialProviderResponse(parsed, HOST, token(720 * MINUTE), at)).to.include({
        cacheDuration: duration,
      })
    })
  }
})
