import { expect } from 'chai'
import {
  containerDocument,
  imdsDocument,
  processDocument,
} from '../../../src/protocol/documents.js'
import { Secret } from '../../../src/secret.js'

const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: new Secret('the secret'),
  sessionToken: new Secret('the token'),
  expiration: new Date('2026-01-02T03:04:05.999Z'),
}

// Compared as text: clients see the JSON, in which a Secret or a Date would look different.
const json = (document: unknown): unknown => JSON.parse(JSON.stringify(document))

describe('credential documents', () => {
  it('gives a credential process its document, with a numeric version', () => {
    expect(json(processDocument(credentials))).to.deep.equal({
      Version: 1,
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'the secret',
      SessionToken: 'the token',
      Expiration: '2026-01-02T03:04:05Z',
    })
  })

  it('gives container clients exactly the four keys that they all read', () => {
    expect(json(containerDocument(credentials))).to.deep.equal({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'the secret',
      Token: 'the token',
      Expiration: '2026-01-02T03:04:05Z',
    })
  })

  it('gives clients of the instance metadata service its form', () => {
    expect(json(imdsDocument(credentials, new Date('2026-01-01T00:00:00.5Z')))).to.deep.equal({
      Code: 'Success',
      LastUpdated: '2026-01-01T00:00:00Z',
      Type: 'AWS-HMAC',
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'the secret',
      Token: 'the token',
      Expiration: '2026-01-02T03:04:05Z',
    })
  })
})
