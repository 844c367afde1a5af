import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { expect } from 'chai'
import fc from 'fast-check'
import { signV4 } from '../../src/ecr/sign-v4.js'
import { Secret } from '../../src/secret.js'

const AT = new Date('2026-06-01T12:34:56Z')
const word = fc.stringMatching(/^[A-Za-z0-9+/=]{1,60}$/)

describe('signV4', () => {
  it("makes the signature that the SDK's own signer makes", async () => {
    const input = fc.record({
      id: word,
      secret: word,
      token: word,
      body: fc.string(),
      port: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(input, async ({ id, secret, token, body, port }) => {
        const request = {
          method: 'POST',
          protocol: 'https:' as const,
          hostname: 'api.ecr.eu-central-1.amazonaws.com',
          ...(port && { port: 8443 }),
          path: '/',
          query: {},
          headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'A.B' },
          body,
        }
        const credentials = { accessKeyId: id, secretAccessKey: secret, sessionToken: token }
        const scope = { service: 'ecr', region: 'eu-central-1' }
        const ours = await signV4(
          request,
          {
            accessKeyId: id,
            secretAccessKey: new Secret(secret),
            sessionToken: new Secret(token),
            expiration: AT,
          },
          scope,
          AT,
        )
        const host = ours.headers['host'] ?? ''
        const signer = new SignatureV4({
          ...scope,
          credentials,
          sha256: Sha256,
          applyChecksum: false,
        })
        const theirs = await signer.sign(
          { ...request, headers: { ...request.headers, host } },
          { signingDate: AT },
        )
        expect(ours.headers['authorization']).to.equal(theirs.headers['authorization'])
      }),
      { numRuns: 50 },
    )
  })
})
