import { expect } from 'chai'
import { chooseProxy } from '../../../../src/doctor/judgements/proxy-choice.js'
import { throwsWithCode } from '../../../support/rejects.js'

const AWS = { protocol: 'https:', hostname: 'rolesanywhere.eu-central-1.amazonaws.com' } as const

describe('chooseProxy', () => {
  for (const { what, env, status = 'ok', message, host = null } of [
    { what: 'no variable', env: {}, message: 'none: HTTPS_PROXY and ALL_PROXY are not set' },
    {
      what: 'HTTPS_PROXY',
      env: { HTTPS_PROXY: 'http://proxy.example:3128' },
      message: 'proxy.example:3128 (environment variable HTTPS_PROXY)',
      host: 'proxy.example:3128',
    },
    {
      what: 'both cases',
      env: { HTTPS_PROXY: 'http://upper.example', https_proxy: 'http://lower.example' },
      message: 'lower.example (environment variable https_proxy)',
      host: 'lower.example',
    },
    {
      what: 'NO_PROXY',
      env: { HTTPS_PROXY: 'http://proxy.example', NO_PROXY: '.amazonaws.com' },
      message: 'none, although HTTPS_PROXY is set: NO_PROXY, or this machine',
    },
    {
      what: 'HTTP_PROXY alone',
      env: { HTTP_PROXY: 'http://proxy.example' },
      status: 'warning',
      message: 'none: HTTP_PROXY is set, and it does not count for https',
    },
  ]) {
    it(`explains the choice with ${what}`, () => {
      const { proxy, finding } = chooseProxy(AWS, env)
      expect(finding).to.include({ status, message })
      expect(proxy?.host ?? null).to.equal(host)
    })
  }

  it('leaves out user and password', () => {
    const env = { HTTPS_PROXY: 'http://user:canary@proxy.example' }
    const { finding } = chooseProxy(AWS, env)
    expect(JSON.stringify(finding)).to.contain('proxy.example').and.not.contain('canary')
  })

  it('refuses a proxy that is no URL', () => {
    throwsWithCode(() => chooseProxy(AWS, { ALL_PROXY: 'socks5://x' }), 'ERR_RA_PROXY_INVALID')
  })

  it('asks no proxy for plain http', () => {
    const endpoint = { protocol: 'http:', hostname: '127.0.0.1' } as const
    expect(chooseProxy(endpoint, { HTTPS_PROXY: 'http://proxy.example' }).proxy).to.equal(null)
  })
})
