import { expect } from 'chai'
import {
  authorizationByRole,
  openToAll,
  tokenAuthorization,
  UNKNOWN_TOKEN,
} from '../../../../sidecar/server/authorization.js'

const TOKEN = 'a-token-of-sufficient-length'

describe('tokenAuthorization', () => {
  let tokens: readonly string[] = [TOKEN]
  const authorization = tokenAuthorization(() => tokens)
  beforeEach(() => (tokens = [TOKEN]))

  for (const { header, status } of [
    { header: undefined, status: 401 },
    { header: '', status: 401 },
    { header: 'Bearer ', status: 401 },
    { header: TOKEN, status: undefined },
    { header: `Bearer ${TOKEN}`, status: undefined },
    { header: `bearer   ${TOKEN}`, status: undefined },
    { header: `Basic ${TOKEN}`, status: 403 },
    { header: TOKEN.slice(1), status: 403 },
    { header: `${TOKEN}, ${TOKEN}`, status: 403 },
    { header: TOKEN.toUpperCase(), status: 403 },
    { header: '\u00e9'.repeat(TOKEN.length), status: 403 },
    { header: 'x'.repeat(5000), status: 403 },
  ]) {
    it(`answers ${status ?? 'nothing'} to ${JSON.stringify(header)?.slice(0, 40)}`, () => {
      expect(authorization.refusal(header, '')?.status).to.equal(status)
    })
  }

  it('follows the tokens that are good now', () => {
    expect(authorization.refusal('the-next-token', '')?.status).to.equal(403)
    tokens = ['the-next-token', TOKEN]
    expect(authorization.refusal('the-next-token', '')).to.equal(undefined)
    expect(authorization.refusal(TOKEN, '')).to.equal(undefined)
    tokens = ['the-next-token']
    expect(authorization.refusal(TOKEN, '')?.status).to.equal(403)
  })

  it('tells a token that may be newer from what no look would change', () => {
    expect(authorization.refusal('the-next-token', '')).to.equal(UNKNOWN_TOKEN)
    for (const header of [undefined, '', 'x'.repeat(1025)]) {
      expect(authorization.refusal(header, '')).to.not.equal(UNKNOWN_TOKEN)
    }
  })
})

describe('authorizationByRole', () => {
  const own = new Map([['reports', tokenAuthorization(() => ['token-of-reports'])]])

  it('opens a role that has a token of its own with that one alone', () => {
    const authorization = authorizationByRole(
      own,
      tokenAuthorization(() => [TOKEN]),
    )
    expect(authorization.refusal('token-of-reports', 'reports')).to.equal(undefined)
    expect(authorization.refusal(TOKEN, 'reports')?.status).to.equal(403)
    expect(authorization.refusal(TOKEN, '')).to.equal(undefined)
    expect(authorization.refusal(TOKEN, 'invoices')).to.equal(undefined)
    expect(authorization.refusal('token-of-reports', '')?.status).to.equal(403)
  })

  it('still asks for it when the other roles are open to all', () => {
    const authorization = authorizationByRole(own, openToAll)
    expect(authorization.refusal(undefined, '')).to.equal(undefined)
    expect(authorization.refusal(undefined, 'reports')?.status).to.equal(401)
  })

  it('looks at the file of the role that is asked for, and at no other', async () => {
    const looks: string[] = []
    const noting = (name: string) =>
      tokenAuthorization(
        () => [TOKEN],
        async () => void looks.push(name),
      )
    const authorization = authorizationByRole(
      new Map([['reports', noting('of reports')]]),
      noting('of others'),
    )
    await authorization.look('reports')
    await authorization.look('')
    await authorization.look('invoices')
    expect(looks).to.deep.equal(['of reports', 'of others', 'of others'])
  })
})
