import { expect } from 'chai'
import { dockerConfigJson } from '../../../src/ecr/docker-config.js'
import { Secret } from '../../../src/secret.js'

const token = { username: 'AWS', password: new Secret('a:b') } as const

describe('dockerConfigJson', () => {
  it('names bare hosts, each with user, password and their base64', () => {
    const secret = dockerConfigJson([{ hosts: ['b.example', 'a.example:8443'], token }])
    const entry = {
      username: 'AWS',
      password: 'a:b',
      auth: Buffer.from('AWS:a:b').toString('base64'),
    }
    expect(JSON.parse(secret.reveal())).to.deep.equal({
      auths: { 'a.example:8443': entry, 'b.example': entry },
    })
  })

  it('makes the same bytes of the same passwords', () => {
    const one = dockerConfigJson([{ hosts: ['a', 'b'], token }])
    const other = dockerConfigJson([
      { hosts: ['b'], token },
      { hosts: ['a'], token },
    ])
    expect(one.reveal()).to.equal(other.reveal())
  })

  for (const host of ['https://a.example', 'a.example/v1/', ' a', '']) {
    it(`refuses ${JSON.stringify(host)} as a host`, () => {
      expect(() => dockerConfigJson([{ hosts: [host], token }])).to.throw(TypeError)
    })
  }
})
