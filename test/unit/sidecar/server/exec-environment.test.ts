import { expect } from 'chai'
import { execEnvironment, strongerSources } from '../../../../sidecar/server/exec-environment.js'

const ADDRESS = { uri: 'http://127.0.0.1:5/v1/credentials', tokenFile: '/tmp/x/token' }

describe('execEnvironment', () => {
  it('sets two variables of the SDKs, and removes what would lead past them, also when empty', () => {
    const env = execEnvironment(
      {
        PATH: '/bin',
        AWS_REGION: 'eu-central-1',
        AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '',
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'other',
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://other',
      },
      ADDRESS,
    )
    expect(env).to.deep.equal({
      PATH: '/bin',
      AWS_REGION: 'eu-central-1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: ADDRESS.uri,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ADDRESS.tokenFile,
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
    })
  })

  for (const { given, upper, lower } of [
    {
      given: { NO_PROXY: 'corp' },
      upper: 'corp,127.0.0.1,localhost',
      lower: 'corp,127.0.0.1,localhost',
    },
    {
      given: { no_proxy: 'corp' },
      upper: 'corp,127.0.0.1,localhost',
      lower: 'corp,127.0.0.1,localhost',
    },
    {
      given: { NO_PROXY: 'a, localhost', no_proxy: 'b' },
      upper: 'a,localhost,127.0.0.1',
      lower: 'b,127.0.0.1,localhost',
    },
    { given: { NO_PROXY: '*' }, upper: '*', lower: '*' },
    { given: { NO_PROXY: '' }, upper: '127.0.0.1,localhost', lower: '127.0.0.1,localhost' },
  ]) {
    it(`keeps the proxy exceptions ${JSON.stringify(given)}`, () => {
      const env = execEnvironment(given, ADDRESS)
      expect(env['NO_PROXY']).to.equal(upper)
      expect(env['no_proxy']).to.equal(lower)
    })
  }
})

describe('strongerSources', () => {
  for (const { what, env = {}, profile = [], names } of [
    { what: 'an empty environment', names: [] },
    { what: 'static keys', env: { AWS_ACCESS_KEY_ID: 'canary' }, names: ['AWS_ACCESS_KEY_ID'] },
    { what: 'an empty variable', env: { AWS_PROFILE: '' }, names: [] },
    {
      what: 'several variables',
      env: { AWS_PROFILE: 'canary', AWS_WEB_IDENTITY_TOKEN_FILE: '/canary' },
      names: ['AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE'],
    },
    {
      what: 'a default profile with keys',
      profile: ['aws_access_key_id'],
      names: ['default profile'],
    },
    { what: 'a default profile with a region', profile: ['region', 'output'], names: [] },
    {
      what: 'a default profile that another one hides',
      env: { AWS_PROFILE: 'canary' },
      profile: ['aws_access_key_id'],
      names: ['AWS_PROFILE'],
    },
  ]) {
    it(`warns of ${names.join(' and ') || 'nothing'} for ${what}, and tells no value`, () => {
      const lines = strongerSources(env, profile)
      expect(lines).to.have.length(names.length)
      names.forEach((name, index) => expect(lines[index]).to.contain(name))
      expect(lines.join()).to.not.contain('canary')
    })
  }
})
