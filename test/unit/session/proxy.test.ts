import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { proxyAuthorization, proxyFor } from '../../../src/session/proxy.js'
import { throwsWithCode } from '../../support/rejects.js'

const HOST = 'rolesanywhere.eu-central-1.amazonaws.com'
const PROXY = 'http://proxy.example:3128'

describe('proxyFor', () => {
  for (const { name, env, expected } of [
    { name: 'HTTPS_PROXY', env: { HTTPS_PROXY: PROXY }, expected: PROXY },
    { name: 'ALL_PROXY', env: { ALL_PROXY: PROXY }, expected: PROXY },
    {
      name: 'HTTPS_PROXY before ALL_PROXY',
      env: { HTTPS_PROXY: PROXY, ALL_PROXY: 'http://other' },
      expected: PROXY,
    },
    {
      name: 'lower case before upper case',
      env: { https_proxy: PROXY, HTTPS_PROXY: 'http://other' },
      expected: PROXY,
    },
    {
      name: 'a proxy without a scheme',
      env: { HTTPS_PROXY: 'proxy.example:3128' },
      expected: PROXY,
    },
    { name: 'no proxy for HTTP_PROXY alone', env: { HTTP_PROXY: PROXY }, expected: undefined },
    { name: 'no proxy for an empty variable', env: { HTTPS_PROXY: '' }, expected: undefined },
  ]) {
    it(`finds ${name}`, () => {
      const found = proxyFor({ hostname: HOST, port: 443 }, env)
      expect(found?.origin).to.equal(expected)
    })
  }

  for (const { noProxy, host = HOST, direct } of [
    { noProxy: '*', direct: true },
    { noProxy: 'amazonaws.com', direct: true },
    { noProxy: '.amazonaws.com', direct: true },
    { noProxy: '*.amazonaws.com', direct: true },
    { noProxy: 'AMAZONAWS.COM', direct: true },
    { noProxy: 'example.org, .amazonaws.com', direct: true },
    { noProxy: 'naws.com', direct: false },
    { noProxy: 'amazonaws.com:443', direct: true },
    { noProxy: 'amazonaws.com:8443', direct: false },
    { noProxy: '10.0.0.0/8', host: '10.1.2.3', direct: true },
    { noProxy: '10.0.0.0/8', host: '11.1.2.3', direct: false },
    { noProxy: '10.0.0.0/99', host: '10.1.2.3', direct: false },
    { noProxy: 'fd00::/8', host: 'fd12::1', direct: true },
    { noProxy: '[fd12::1]:443', host: 'fd12::1', direct: true },
    { noProxy: '192.0.2.1', host: '192.0.2.1', direct: true },
    { noProxy: '2.1', host: '192.0.2.1', direct: false },
    { noProxy: '', host: '127.0.0.1', direct: true },
    { noProxy: '', host: '127.8.8.8', direct: true },
    { noProxy: '', host: 'localhost', direct: true },
    { noProxy: '', host: '::1', direct: true },
    { noProxy: ' , ,', direct: false },
  ]) {
    it(`goes ${direct ? 'directly' : 'through the proxy'} to ${host} with NO_PROXY="${noProxy}"`, () => {
      const found = proxyFor(
        { hostname: host, port: 443 },
        { HTTPS_PROXY: PROXY, NO_PROXY: noProxy },
      )
      expect(found === undefined).to.equal(direct)
    })
  }

  it('refuses a proxy that is no http or https URL, and does not repeat its password', () => {
    for (const value of ['socks5://user:hunter2@proxy', 'http://', 'http://user:hunter2@:x']) {
      const error = throwsWithCode(
        () => proxyFor({ hostname: HOST, port: 443 }, { HTTPS_PROXY: value }),
        'ERR_RA_PROXY_INVALID',
      )
      expect(`${error.message} ${error.hint ?? ''}`).to.not.contain('hunter2')
    }
  })

  it('takes any NO_PROXY and any HTTPS_PROXY without failing otherwise', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (proxy, noProxy, hostname) => {
        try {
          proxyFor({ hostname, port: 443 }, { HTTPS_PROXY: proxy, NO_PROXY: noProxy })
        } catch (error) {
          expect(error).to.be.instanceOf(RolesAnywhereError)
        }
      }),
    )
  })
})

describe('proxyAuthorization', () => {
  for (const { url, expected } of [
    { url: 'http://proxy', expected: undefined },
    { url: 'http://user:p%40ss@proxy', expected: 'user:p@ss' },
    { url: 'http://user@proxy', expected: 'user:' },
    { url: 'http://user:100%@proxy', expected: 'user:100%' },
  ]) {
    it(`encodes the user and password of ${url}`, () => {
      const header = proxyAuthorization(new URL(url))
      const decoded = header && Buffer.from(header.replace('Basic ', ''), 'base64').toString()
      expect(decoded).to.equal(expected)
    })
  }
})
