import { expect } from 'chai'
import { apiEndpointFor, type ApiEndpointOptions } from '../../../src/ecr/api-endpoint.js'
import { parseRegistryHost } from '../../../src/ecr/registry-host.js'
import { throwsWithCode } from '../../support/rejects.js'

const A = '123456789012'
const registryOf = (host: string) => {
  const found = parseRegistryHost(host)
  if (!found) throw new Error(host)
  return found.registry
}

describe('apiEndpointFor', () => {
  const rows: readonly (readonly [host: string, options: ApiEndpointOptions, api: string])[] = [
    [`${A}.dkr.ecr.us-west-2.amazonaws.com`, {}, 'api.ecr.us-west-2.amazonaws.com'],
    [`${A}.dkr.ecr-fips.us-west-2.amazonaws.com`, {}, 'ecr-fips.us-west-2.amazonaws.com'],
    [`${A}.dkr-ecr.us-west-2.on.aws`, {}, 'ecr.us-west-2.api.aws'],
    [`${A}.dkr-ecr-fips.us-west-2.on.aws`, {}, 'ecr-fips.us-west-2.api.aws'],
    [
      `${A}.dkr.ecr.us-gov-west-1.amazonaws.com`,
      { useFips: true },
      'ecr-fips.us-gov-west-1.amazonaws.com',
    ],
    [`${A}.dkr.ecr.us-west-2.amazonaws.com`, { useDualstack: true }, 'ecr.us-west-2.api.aws'],
    [`${A}.dkr.ecr.cn-north-1.amazonaws.com.cn`, {}, 'api.ecr.cn-north-1.amazonaws.com.cn'],
    [
      `${A}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn`,
      {},
      'ecr.cn-north-1.api.amazonwebservices.com.cn',
    ],
    [`${A}.dkr.ecr.eusc-de-east-1.amazonaws.eu`, {}, 'api.ecr.eusc-de-east-1.amazonaws.eu'],
    [`${A}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`, {}, 'api.ecr.eu-isoe-west-1.cloud.adc-e.uk'],
    ['public.ecr.aws', {}, 'api.ecr-public.us-east-1.amazonaws.com'],
    ['ecr-public.aws.com', {}, 'ecr-public.us-east-1.api.aws'],
  ]
  for (const [host, options, api] of rows) {
    it(`asks ${api} for ${host} with ${JSON.stringify(options)}`, () => {
      expect(apiEndpointFor(registryOf(host), options)).to.deep.equal({
        protocol: 'https:',
        hostname: api,
      })
    })
  }

  it('keeps the two overrides apart', () => {
    const options = { override: 'http://127.0.0.1:1', publicOverride: 'https://proxy.example' }
    const own = registryOf(`${A}.dkr.ecr.us-west-2.amazonaws.com`)
    expect(apiEndpointFor(own, options).hostname).to.equal('127.0.0.1')
    expect(apiEndpointFor(registryOf('public.ecr.aws'), options).hostname).to.equal('proxy.example')
  })

  for (const [what, host, options] of [
    [
      'plain http to another machine',
      `${A}.dkr.ecr.us-west-2.amazonaws.com`,
      { override: 'http://ecr.example' },
    ],
    ['a partition without Roles Anywhere', `${A}.dkr.ecr.us-iso-east-1.c2s.ic.gov`, {}],
    [
      'dual-stack where there is none',
      `${A}.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk`,
      { useDualstack: true },
    ],
    ['FIPS for the public gallery', 'public.ecr.aws', { useFips: true }],
  ] as const) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => apiEndpointFor(registryOf(host), options), 'ERR_RA_ENDPOINT_INVALID')
    })
  }
})
