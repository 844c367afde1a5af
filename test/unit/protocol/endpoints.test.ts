import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { endpointFor } from '../../../src/protocol/endpoints.js'
import { throwsWithCode } from '../../support/rejects.js'

const hostname = (params: Parameters<typeof endpointFor>[0]): string => endpointFor(params).hostname

describe('endpointFor', () => {
  for (const [region, suffix, dualStackSuffix] of [
    ['eu-central-1', 'amazonaws.com', 'api.aws'],
    ['mx-central-1', 'amazonaws.com', 'api.aws'],
    ['us-gov-west-1', 'amazonaws.com', 'api.aws'],
    ['cn-northwest-1', 'amazonaws.com.cn', 'api.amazonwebservices.com.cn'],
    ['eusc-de-east-1', 'amazonaws.eu', 'api.amazonwebservices.eu'],
    ['us-iso-east-1', 'c2s.ic.gov', undefined],
    ['us-isob-east-1', 'sc2s.sgov.gov', undefined],
    ['eu-isoe-west-1', 'cloud.adc-e.uk', undefined],
    ['us-isof-south-1', 'csp.hci.ic.gov', undefined],
    ['xx-newland-7', 'amazonaws.com', 'api.aws'],
  ] as const) {
    it(`knows the host names of ${region}`, () => {
      expect(endpointFor({ region })).to.deep.equal({
        protocol: 'https:',
        hostname: `rolesanywhere.${region}.${suffix}`,
      })
      const fips = `rolesanywhere-fips.${region}`
      expect(hostname({ region, useFips: true })).to.equal(`${fips}.${suffix}`)
      if (dualStackSuffix === undefined) {
        const dual = (): unknown => endpointFor({ region, useDualstack: true })
        throwsWithCode(dual, 'ERR_RA_ENDPOINT_INVALID')
        return
      }
      expect(hostname({ region, useDualstack: true })).to.equal(
        `rolesanywhere.${region}.${dualStackSuffix}`,
      )
      expect(hostname({ region, useDualstack: true, useFips: true })).to.equal(
        `${fips}.${dualStackSuffix}`,
      )
    })
  }

  for (const region of ['fips-us-east-1', 'us-east-1-fips']) {
    it(`takes ${region} for us-east-1 with FIPS`, () => {
      expect(hostname({ region, useFips: false })).to.equal(
        'rolesanywhere-fips.us-east-1.amazonaws.com',
      )
    })
  }

  for (const [override, expected] of [
    ['https://proxy.example', { protocol: 'https:', hostname: 'proxy.example' }],
    ['https://Proxy.Example:443/', { protocol: 'https:', hostname: 'proxy.example' }],
    ['https://vpce-1.example:8443', { protocol: 'https:', hostname: 'vpce-1.example', port: 8443 }],
    ['https://[2001:db8::1]/', { protocol: 'https:', hostname: '2001:db8::1' }],
    ['http://127.0.0.1:9443', { protocol: 'http:', hostname: '127.0.0.1', port: 9443 }],
    ['http://127.8.9.10', { protocol: 'http:', hostname: '127.8.9.10' }],
    ['http://[::1]:9443/', { protocol: 'http:', hostname: '::1', port: 9443 }],
    ['http://localhost:80', { protocol: 'http:', hostname: 'localhost' }],
  ] as const) {
    it(`uses ${override} as given`, () => {
      expect(endpointFor({ region: 'us-east-1', override })).to.deep.equal(expected)
    })
  }

  for (const override of [
    '',
    'proxy.example',
    '//proxy.example',
    '/sessions',
    'ftp://proxy.example',
    'file:///etc/passwd',
    'https://',
    'https://user@proxy.example',
    'https://:password@proxy.example',
    'https://proxy.example/base',
    'https://proxy.example/sessions',
    'https://proxy.example//',
    'https://proxy.example?x=1',
    'https://proxy.example/?',
    'https://proxy.example/#',
    'https://proxy.example:99999',
    ' https://proxy.example',
    'https://proxy.exam\nple',
    'http://proxy.example',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://[::ffff:10.0.0.1]',
    'http://169.254.169.254',
  ]) {
    it(`refuses ${JSON.stringify(override)} as an endpoint, without repeating it`, () => {
      const error = throwsWithCode(
        () => endpointFor({ region: 'us-east-1', override }),
        'ERR_RA_ENDPOINT_INVALID',
      )
      if (override) expect(error.message).to.not.include(override)
      expect(error.hint).to.be.a('string')
    })
  }

  for (const clash of [
    { region: 'us-east-1', useFips: true },
    { region: 'us-east-1', useDualstack: true },
    { region: 'fips-us-east-1' },
  ]) {
    it(`refuses a custom endpoint together with ${JSON.stringify(clash)}`, () => {
      const override = 'https://proxy.example'
      throwsWithCode(() => endpointFor({ ...clash, override }), 'ERR_RA_ENDPOINT_INVALID')
    })
  }

  it('refuses a region that would lead to another host', () => {
    throwsWithCode(() => endpointFor({ region: 'evil.example/' }), 'ERR_RA_SETTING_INVALID')
  })

  it('answers any override with an endpoint or with its own error', () => {
    const text = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }))
    fc.assert(
      fc.property(text, (override) => {
        try {
          expect(endpointFor({ region: 'us-east-1', override }).hostname).to.not.match(/[\s/?#@]/)
        } catch (error) {
          if (!(error instanceof RolesAnywhereError)) throw error
        }
      }),
    )
  })
})
