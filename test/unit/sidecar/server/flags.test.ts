import { expect } from 'chai'
import { parseListenAddress } from '../../../../sidecar/listen-address.js'
import { parseRoles } from '../../../../sidecar/server/roles.js'
import { throwsWithCode } from '../../../support/rejects.js'

describe('parseListenAddress', () => {
  for (const { text, host, port } of [
    { text: '127.0.0.1:9911', host: '127.0.0.1', port: 9911 },
    { text: '[::1]:9911', host: '::1', port: 9911 },
    { text: '0.0.0.0:0', host: '0.0.0.0', port: 0 },
    { text: ':80', host: '127.0.0.1', port: 80 },
    { text: '8080', host: '127.0.0.1', port: 8080 },
    { text: 'localhost:1', host: 'localhost', port: 1 },
  ]) {
    it(`reads ${text}`, () => {
      expect(parseListenAddress(text, 'listen')).to.deep.equal({ host, port })
    })
  }

  for (const text of [
    '',
    '127.0.0.1',
    '::1:9911',
    'host:65536',
    'host:-1',
    'host:',
    '[]:1',
    'a:b:1',
  ]) {
    it(`refuses "${text}"`, () => {
      throwsWithCode(() => parseListenAddress(text, 'listen'), 'ERR_RA_FLAG_INVALID')
    })
  }
})

describe('parseRoles', () => {
  it('reads names and ARNs, in order', () => {
    expect([...parseRoles(['a=arn:1', 'b.c-d=arn:2=3'])]).to.deep.equal([
      ['a', 'arn:1'],
      ['b.c-d', 'arn:2=3'],
    ])
  })

  for (const values of [['a'], ['=arn'], ['a='], ['../x=arn'], ['a b=arn'], ['a=1', 'a=2']]) {
    it(`refuses ${values.join(' ')}`, () => {
      throwsWithCode(() => parseRoles(values), 'ERR_RA_FLAG_INVALID')
    })
  }
})
