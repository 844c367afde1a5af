import { expect } from 'chai'
import { altName } from '../../../src/pki/alt-names.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('altName', () => {
  for (const [type, value] of [
    ['dns', 'app.example.com'],
    ['dns', '*.example.com'],
    ['dns', 'localhost'],
    ['uri', 'spiffe://example.com/ns/default/sa/app'],
    ['uri', 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['ip', '127.0.0.1'],
    ['ip', '2001:db8::1'],
    ['email', 'app+test@example.com'],
  ] as const) {
    it(`accepts the ${type} name ${value}`, () => {
      expect(altName(type, value)).to.deep.equal({ type, value })
    })
  }

  for (const [type, value] of [
    ['dns', ''],
    ['dns', 'a b'],
    ['dns', 'a..b'],
    ['dns', '-a.example'],
    ['dns', 'a.*.example'],
    ['dns', 'é.example'],
    ['dns', `${'a.'.repeat(130)}b`],
    ['uri', 'example.com/a'],
    ['uri', 'spiffe://a b'],
    ['uri', 'http://[bad'],
    ['uri', `x:${'a'.repeat(3000)}`],
    ['ip', '256.0.0.1'],
    ['ip', '10.0.0.0/8'],
    ['email', 'app'],
    ['email', 'a@b@c'],
  ] as const) {
    it(`refuses "${value.slice(0, 20)}" as ${type} name`, () => {
      throwsWithCode(() => altName(type, value), 'ERR_RA_ARGUMENT_INVALID')
    })
  }
})
