import { expect } from 'chai'
import { needsPathStyle, regionFrom } from '../../../../examples/s3-bucket-lister/src/endpoint.js'

describe('needsPathStyle', () => {
  for (const [endpoint, expected] of [
    [undefined, false],
    ['', false],
    ['not a URL', false],
    ['https://s3.example.com', false],
    ['https://localhost.example.com', false],
    ['http://localhost:9443', true],
    ['http://aws.localhost:9443', true],
    ['http://127.0.0.1:9443', true],
    ['https://[::1]:9443', true],
  ] as const) {
    it(`is ${expected} with AWS_ENDPOINT_URL=${endpoint ?? ''}`, () => {
      expect(needsPathStyle({ AWS_ENDPOINT_URL: endpoint })).to.equal(expected)
    })
  }

  it("looks at the service's own variable first", () => {
    const env = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1',
      AWS_ENDPOINT_URL_S3: 'https://s3.example.com',
    }
    expect(needsPathStyle(env)).to.equal(false)
  })
})

describe('regionFrom', () => {
  for (const [env, expected] of [
    [{}, 'us-east-1'],
    [{ AWS_REGION: '' }, 'us-east-1'],
    [{ AWS_DEFAULT_REGION: 'eu-west-1' }, 'eu-west-1'],
    [{ AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'eu-west-1' }, 'eu-central-1'],
  ] as const) {
    it(`is ${expected} with ${JSON.stringify(env)}`, () => {
      expect(regionFrom(env)).to.equal(expected)
    })
  }
})
