import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { AuthorizationToken } from '../../../src/ecr/authorization-token.js'
import { listTags } from '../../../src/ecr/registry-client.js'
import { Secret } from '../../../src/secret.js'
import { createHttpClient } from '../../../src/session/http-client.js'
import { systemClock } from '../../../src/system-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'

const token = (password: string): AuthorizationToken => ({
  username: 'AWS',
  password: new Secret(password),
  expiresAt: new Date(),
  obtainedAt: new Date(),
  lifeMs: 1,
})

const EXPIRED = 'Your authorization token has expired. Reauthenticate and try again.'
const DENIED =
  'User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: ecr:ListImages on resource: x'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
const deny = (response: ServerResponse, message: string): void =>
  json(response, 403, { errors: [{ code: 'DENIED', message }] })

describe('listTags', () => {
  let answer: Answer
  let asked: string[]
  let renewals: number
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`)
    answer(request, response)
  })
  let host: string

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())
  beforeEach(() => {
    asked = []
    renewals = 0
  })

  const list = async (): Promise<string[]> =>
    listTags(
      { host, repository: 'team/app' },
      {
        send: createHttpClient({ env: {} }),
        clock: systemClock,
        passwords: {
          token: async () => token('first'),
          renewed: async () => {
            renewals++
            return token('second')
          },
        },
      },
    )
  const page = (tags: unknown, link?: string): Answer => {
    return (_request, response) => {
      if (link !== undefined) response.setHeader('link', link)
      json(response, 200, { name: 'team/app', tags })
    }
  }

  for (const [form, link] of [
    ['relative to the host', '</v2/team/app/tags/list?last=a&n=1>; rel="next"'],
    ['relative to the path', '<?last=a&n=1>; rel="next"'],
    ['absolute', '<http://HOST/v2/team/app/tags/list?last=a&n=1>; rel=next'],
  ] as const) {
    it(`follows a link that is ${form}`, async () => {
      answer = (request, response) => {
        const last = (request.url ?? '').includes('last=a')
        const next = last ? page(['b']) : page(['a'], link.replace('HOST', host))
        next(request, response)
      }
      expect(await list()).to.deep.equal(['a', 'b'])
      expect(asked).to.have.length(2)
    })
  }

  it('asks for the largest page, with the user and the password', async () => {
    answer = page(null)
    expect(await list()).to.deep.equal([])
    const basic = Buffer.from('AWS:first').toString('base64')
    expect(asked).to.deep.equal([`/v2/team/app/tags/list?n=1000 Basic ${basic}`])
  })

  for (const [what, link, requests = 1] of [
    ['another host', '<http://127.0.0.2:1/v2/team/app/tags/list?last=a>; rel="next"'],
    ['another repository', '</v2/team/other/tags/list?last=a>; rel="next"'],
    ['another scheme', '<ftp://127.0.0.1/>; rel="next"'],
    ['itself, for ever', '</v2/team/app/tags/list?last=a>; rel="next"', 2],
  ] as const) {
    it(`refuses a link to ${what}`, async () => {
      answer = page(['a'], link)
      await rejectsWithCode(list(), 'ERR_RA_RESPONSE_INVALID')
      expect(asked).to.have.length(requests)
    })
  }

  it('gets another password once when the registry calls the first expired', async () => {
    answer = (request, response) => {
      const first = Buffer.from('AWS:first').toString('base64')
      if (request.headers.authorization === `Basic ${first}`) deny(response, EXPIRED)
      else page(['a'])(request, response)
    }
    expect(await list()).to.deep.equal(['a'])
    expect(renewals).to.equal(1)
  })

  it('gives up when the next password is refused, too', async () => {
    answer = (_request, response) => deny(response, EXPIRED)
    await rejectsWithCode(list(), 'ERR_RA_ECR_REGISTRY_DENIED')
    expect(renewals).to.equal(1)
  })

  it('does not renew for every page', async () => {
    answer = (request, response) => {
      const second = `Basic ${Buffer.from('AWS:second').toString('base64')}`
      const isFirstPage = !(request.url ?? '').includes('last=a')
      if (!isFirstPage || request.headers.authorization !== second) deny(response, EXPIRED)
      else page(['a'], '<?last=a&n=1>; rel="next"')(request, response)
    }
    await rejectsWithCode(list(), 'ERR_RA_ECR_REGISTRY_DENIED')
    expect(renewals).to.equal(1)
  })

  it('reports the missing permission, and asks for no other password', async () => {
    answer = (_request, response) => deny(response, DENIED)
    const error = await rejectsWithCode(list(), 'ERR_RA_ECR_REGISTRY_DENIED')
    expect(error.hint).to.include('ecr:ListImages on the repository')
    expect(renewals).to.equal(0)
  })

  for (const [status, code] of [
    [404, 'ERR_RA_ECR_REPOSITORY_NOT_FOUND'],
    [429, 'ERR_RA_THROTTLED'],
    [503, 'ERR_RA_SERVICE_FAILED'],
    [307, 'ERR_RA_RESPONSE_INVALID'],
  ] as const) {
    it(`calls HTTP ${status} ${code}`, async () => {
      answer = (_request, response) => {
        response.setHeader('location', 'http://127.0.0.2:1/')
        json(response, status, {})
      }
      await rejectsWithCode(list(), code)
      expect(asked).to.have.length(1)
    })
  }

  for (const tags of ['a', [1], ['a\nb'], [''], undefined]) {
    it(`refuses ${JSON.stringify(tags)} for tags`, async () => {
      answer = page(tags)
      await rejectsWithCode(list(), 'ERR_RA_RESPONSE_INVALID')
    })
  }
})
