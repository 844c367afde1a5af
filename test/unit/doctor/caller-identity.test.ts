import { expect } from 'chai'
import { processCallerIdentity, stsEndpoint } from '../../../src/doctor/caller-identity.js'
import { throwsWithCode } from '../../support/rejects.js'

const answer = (status: number, body: string) => ({ status, headers: {}, body })

describe('stsEndpoint', () => {
  for (const [region, fips, env, hostname, configured] of [
    ['eu-central-1', false, {}, 'sts.eu-central-1.amazonaws.com', false],
    ['us-east-1', true, {}, 'sts-fips.us-east-1.amazonaws.com', false],
    ['us-gov-west-1', true, {}, 'sts.us-gov-west-1.amazonaws.com', false],
    ['cn-north-1', false, {}, 'sts.cn-north-1.amazonaws.com.cn', false],
    ['eu-central-1', false, { AWS_ENDPOINT_URL: 'https://all.example' }, 'all.example', true],
    [
      'eu-central-1',
      false,
      { AWS_ENDPOINT_URL: 'https://all.example', AWS_ENDPOINT_URL_STS: 'https://sts.example' },
      'sts.example',
      true,
    ],
    [
      'eu-central-1',
      false,
      { AWS_ENDPOINT_URL: 'https://x.example', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      'sts.eu-central-1.amazonaws.com',
      false,
    ],
  ] as const) {
    it(`is ${hostname} for ${region} with ${JSON.stringify(env)}${fips ? ' and FIPS' : ''}`, () => {
      const found = stsEndpoint(region, fips, env)
      expect(found.endpoint.hostname).to.equal(hostname)
      expect(found.configured).to.equal(configured)
    })
  }

  it('sends no session over plain http to another machine', () => {
    const env = { AWS_ENDPOINT_URL_STS: 'http://sts.example' }
    throwsWithCode(() => stsEndpoint('eu-central-1', false, env), 'ERR_RA_ENDPOINT_INVALID')
  })
})

describe('processCallerIdentity', () => {
  it('reads the three names', () => {
    const body =
      '<R><Arn>arn:aws:sts::1:x</Arn>\n<UserId>AROA:1</UserId><Account>123456789012</Account></R>'
    expect(processCallerIdentity(answer(200, body))).to.deep.equal({
      arn: 'arn:aws:sts::1:x',
      account: '123456789012',
      userId: 'AROA:1',
    })
  })

  for (const [status, body, code] of [
    [403, '<Error><Code>ExpiredToken</Code><Message>m.</Message></Error>', 'ERR_RA_SESSION_DENIED'],
    [400, '<Error><Code>Throttling</Code></Error>', 'ERR_RA_THROTTLED'],
    [500, '', 'ERR_RA_SERVICE_FAILED'],
    [403, '<html>blocked</html>', 'ERR_RA_RESPONSE_INVALID'],
    [200, '<html>welcome</html>', 'ERR_RA_RESPONSE_INVALID'],
    [200, `<Arn>${'a'.repeat(2000)}</Arn>`, 'ERR_RA_RESPONSE_INVALID'],
  ] as const) {
    it(`makes ${code} of ${status} ${body.slice(0, 40)}`, () => {
      const error = throwsWithCode(() => processCallerIdentity(answer(status, body)), code)
      expect(error.hint).to.match(/^\S.*[^.\s]$/)
    })
  }
})
