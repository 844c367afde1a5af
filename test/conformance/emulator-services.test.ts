import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import {
  type AwsRequestInit,
  NOW,
  REGION,
  type SessionKeys,
  amzDateOf,
  awsRequest,
  headerOf,
  hmac,
  sha256,
  signingKey,
  withHeader,
} from '../support/emulator-client.js'
import { sessionKeys, stateFor, withEmulator } from '../support/emulator-fixture.js'
import { type TestIdentity, createLeaf, createRoot } from '../support/emulator-pki.js'
import { type RawRequest, type RawResponse, sendRaw } from '../support/raw-http.js'

const HOUR = 3_600_000
const TARGET = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken'

/** One good request to each service. */
const CALLS = {
  sts: {
    service: 'sts',
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  },
  s3: { service: 's3', path: '/alpha/a%20b/c%2Bd.txt' },
  ecr: {
    service: 'ecr',
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': TARGET },
    body: '{}',
  },
} as const satisfies Record<string, AwsRequestInit>

type Service = keyof typeof CALLS

/** What is wrong, and how each service says so. */
const PROBLEMS: readonly {
  readonly problem: string
  readonly request: (keys: SessionKeys, call: AwsRequestInit) => RawRequest
  readonly answers: Record<Service, string>
}[] = [
  {
    problem: 'an unknown access key id',
    request: (keys, call) => awsRequest({ ...keys, accessKeyId: 'ASIAEXAMPLEEXAMPLE00' }, call),
    answers: {
      sts: '403 InvalidClientTokenId',
      s3: '403 InvalidAccessKeyId',
      ecr: '400 UnrecognizedClientException',
    },
  },
  {
    problem: 'another session token',
    request: (keys, call) => awsRequest({ ...keys, sessionToken: 'other' }, call),
    answers: {
      sts: '403 InvalidClientTokenId',
      s3: '400 InvalidToken',
      ecr: '400 UnrecognizedClientException',
    },
  },
  {
    problem: 'another secret key',
    request: (keys, call) => awsRequest({ ...keys, secretAccessKey: 'other' }, call),
    answers: {
      sts: '403 SignatureDoesNotMatch',
      s3: '403 SignatureDoesNotMatch',
      ecr: '400 InvalidSignatureException',
    },
  },
  {
    problem: 'a clock that is off',
    request: (keys, call) => awsRequest(keys, { ...call, at: new Date(NOW.getTime() - HOUR) }),
    answers: {
      sts: '403 SignatureDoesNotMatch',
      s3: '403 RequestTimeTooSkewed',
      ecr: '400 InvalidSignatureException',
    },
  },
  {
    problem: 'a scope without a real region',
    request: (keys, call) => awsRequest(keys, { ...call, region: 'nowhere' }),
    answers: {
      sts: '403 SignatureDoesNotMatch',
      s3: '400 AuthorizationHeaderMalformed',
      ecr: '400 InvalidSignatureException',
    },
  },
  {
    problem: 'a body that was changed',
    request: (keys, call) => {
      const request = awsRequest(keys, { ...call, body: call.body ?? 'x' })
      return { ...request, body: String(request.body).replace(/.$/, '0') }
    },
    answers: {
      sts: '403 SignatureDoesNotMatch',
      s3: '400 XAmzContentSHA256Mismatch',
      ecr: '400 InvalidSignatureException',
    },
  },
  {
    problem: 'a header that is not signed',
    request: (keys, call) => {
      const request = awsRequest(keys, call)
      return { ...request, headers: [...request.headers, ['x-amz-extra', '1']] }
    },
    answers: {
      sts: '403 SignatureDoesNotMatch',
      s3: '403 AccessDenied',
      ecr: '400 InvalidSignatureException',
    },
  },
  {
    problem: 'a malformed authorization',
    request: (keys, call) =>
      withHeader(awsRequest(keys, call), 'authorization', 'AWS4-HMAC-SHA256 Credential=x'),
    answers: {
      sts: '400 IncompleteSignature',
      s3: '400 AuthorizationHeaderMalformed',
      ecr: '400 IncompleteSignatureException',
    },
  },
]

describe('the emulator verifies requests that session keys signed', () => {
  let root: TestIdentity
  let leaf: TestIdentity

  before(async () => {
    root = await createRoot()
    leaf = await createLeaf(root)
  })

  const running = async (
    body: (emulator: Emulator, keys: SessionKeys) => Promise<void>,
    change: Parameters<typeof stateFor>[1] = {},
    clock?: { now: () => Date },
  ): Promise<void> => {
    const options = { state: stateFor(root, change), ...(clock ? { clock } : {}) }
    await withEmulator(options, async (emulator) => {
      await body(emulator, await sessionKeys(emulator, leaf))
    })
  }

  for (const service of ['sts', 's3', 'ecr'] as const) {
    it(`grants a good request to ${service}`, async () => {
      await running(async ({ port }, keys) => {
        const response = await sendRaw(port, awsRequest(keys, CALLS[service]))
        expect(response.status, response.body).to.equal(200)
      })
    })

    for (const { problem, request, answers } of PROBLEMS) {
      it(`answers ${answers[service]} to ${problem}`, async () => {
        await running(async (emulator, keys) => {
          const response = await sendRaw(emulator.port, request(keys, CALLS[service]))
          expect(nameOf(response), emulator.requests.at(-1)?.reason).to.equal(answers[service])
        })
      })
    }

    it(`answers that the session has ended, as ${service} does`, async () => {
      const ended = {
        sts: '403 ExpiredToken',
        s3: '400 ExpiredToken',
        ecr: '400 ExpiredTokenException',
      }
      let now = NOW
      await running(
        async ({ port }, keys) => {
          now = new Date(NOW.getTime() + HOUR)
          const request = awsRequest(keys, { ...CALLS[service], at: now })
          expect(nameOf(await sendRaw(port, request))).to.equal(ended[service])
        },
        {},
        { now: () => now },
      )
    })
  }

  it('takes presigned URLs until they end', async () => {
    let now = NOW
    await running(
      async ({ port }, keys) => {
        const request = awsRequest(keys, { ...CALLS.s3, presignSeconds: 60 })
        expect((await sendRaw(port, request)).body).to.equal('hello')
        const tampered = { ...request, target: request.target.replace('d.txt', 'e.txt') }
        expect(nameOf(await sendRaw(port, tampered))).to.equal('403 SignatureDoesNotMatch')
        now = new Date(NOW.getTime() + 61_000)
        expect(nameOf(await sendRaw(port, request))).to.equal('403 AccessDenied')
      },
      {},
      { now: () => now },
    )
  })

  it('takes unsigned payloads for S3 only', async () => {
    await running(async ({ port }, keys) => {
      const unsigned = { payloadHash: 'UNSIGNED-PAYLOAD' }
      const put = { service: 's3', method: 'PUT', path: '/beta/x', body: 'y', ...unsigned }
      expect((await sendRaw(port, awsRequest(keys, put))).status).to.equal(200)
      const sts = awsRequest(keys, { ...CALLS.sts, ...unsigned })
      expect(nameOf(await sendRaw(port, sts))).to.equal('403 SignatureDoesNotMatch')
    })
  })

  it('verifies every chunk of a streamed payload', async () => {
    await running(async ({ port }, keys) => {
      const good = chunked(keys, ['hello ', 'world'])
      expect((await sendRaw(port, good)).status).to.equal(200)
      const get = awsRequest(keys, { service: 's3', path: '/beta/chunks' })
      expect((await sendRaw(port, get)).body).to.equal('hello world')
      const bad = { ...good, body: String(good.body).replace('world', 'w0rld') }
      expect(nameOf(await sendRaw(port, bad))).to.equal('400 XAmzContentSHA256Mismatch')
    })
  })

  it('refuses a signed header that is named twice', async () => {
    await running(async ({ port }, keys) => {
      const request = awsRequest(keys, CALLS.s3)
      const twice = headerOf(request, 'authorization').replace('=host;', '=host;host;')
      const refused = await sendRaw(port, withHeader(request, 'authorization', twice))
      expect(nameOf(refused)).to.equal('403 AccessDenied')
    })
  })

  it('lists a folder whose first keys come before start-after', async () => {
    const objects = ['a/1', 'a/2', 'b'].map((key) => ({ key }))
    const buckets = [{ name: 'alpha', region: REGION, objects }]
    await running(
      async ({ port }, keys) => {
        const query = { 'list-type': '2', delimiter: '/', 'start-after': 'a/1' }
        const list = awsRequest(keys, { service: 's3', path: '/alpha', query })
        const { body } = await sendRaw(port, list)
        expect(body).to.include('<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>')
        expect(body).to.include('<StartAfter>a/1</StartAfter>')
        const all = { ...query, 'start-after': 'a/2' }
        const rest = await sendRaw(
          port,
          awsRequest(keys, { service: 's3', path: '/alpha', query: all }),
        )
        expect(rest.body).not.to.include('CommonPrefixes')
      },
      { world: { buckets } },
    )
  })

  it('sends callers of a bucket to its region', async () => {
    await running(async ({ port }, keys) => {
      const request = awsRequest(keys, { service: 's3', method: 'HEAD', path: '/gamma' })
      const response = await sendRaw(port, request)
      expect(response.status).to.equal(400)
      expect(response.headers['x-amz-bucket-region']).to.equal('us-east-1')
      const query = { 'list-type': '2' }
      const list = awsRequest(keys, { service: 's3', path: '/gamma', query })
      expect((await sendRaw(port, list)).body).to.include('<Region>us-east-1</Region>')
    })
  })

  it('denies in the words of AWS what no policy allows, and what one forbids', async () => {
    const policies = [
      {
        Statement: [
          { Effect: 'Allow', Action: '*', Resource: '*' },
          { Effect: 'Deny', Action: 's3:Get*', Resource: 'arn:aws:s3:::alpha/a*' },
        ],
      },
    ]
    await running(
      async ({ port }, keys) => {
        const response = await sendRaw(port, awsRequest(keys, CALLS.s3))
        expect(nameOf(response)).to.equal('403 AccessDenied')
        expect(response.body).to.include(
          'User: arn:aws:sts::123456789012:assumed-role/lister/1000 is not authorized to perform: ' +
            's3:GetObject on resource: arn:aws:s3:::alpha/a b/c+d.txt with an explicit deny',
        )
      },
      { role: { policies } },
    )
    await running(
      async ({ port }, keys) => {
        const response = await sendRaw(port, awsRequest(keys, CALLS.ecr))
        expect(nameOf(response)).to.equal('400 AccessDeniedException')
        expect(response.body).to.include('no identity-based policy allows')
        expect((await sendRaw(port, awsRequest(keys, CALLS.sts))).status).to.equal(200)
      },
      { role: { policies: [] } },
    )
  })

  it('denies sessions that were issued before the instant of a revocation', async () => {
    await running(async ({ port, state }, keys) => {
      const answer = async (instant: Date): Promise<string> => {
        const Condition = { DateLessThan: { 'aws:TokenIssueTime': instant.toISOString() } }
        const deny = { Effect: 'Deny', Action: '*', Resource: '*', Condition }
        const allow = { Effect: 'Allow', Action: '*', Resource: '*' }
        const policies = [{ Statement: [allow, deny] }]
        state.replace(stateFor(root, { role: { policies } }))
        return nameOf(await sendRaw(port, awsRequest(keys, CALLS.s3)))
      }
      expect(await answer(new Date(NOW.getTime() + 1))).to.equal('403 AccessDenied')
      expect(await answer(NOW)).to.match(/^200/)
    })
  })

  it('narrows a session by the session policy of its profile', async () => {
    const sessionPolicy = {
      Statement: { Effect: 'Allow', Action: 'ecr:*', Resource: '*' },
    }
    await running(
      async ({ port }, keys) => {
        expect((await sendRaw(port, awsRequest(keys, CALLS.ecr))).status).to.equal(200)
        expect(nameOf(await sendRaw(port, awsRequest(keys, CALLS.s3)))).to.equal('403 AccessDenied')
      },
      { profile: { sessionPolicy } },
    )
  })

  describe('and its registry', () => {
    const authorizationOf = async (port: number, keys: SessionKeys): Promise<string> => {
      const response = await sendRaw(port, awsRequest(keys, CALLS.ecr))
      const { authorizationData } = JSON.parse(response.body) as {
        authorizationData: {
          authorizationToken: string
          expiresAt: number
          proxyEndpoint: string
        }[]
      }
      const [data] = authorizationData
      expect(data?.proxyEndpoint).to.equal(`https://123456789012.dkr.ecr.${REGION}.amazonaws.com`)
      expect(data?.expiresAt).to.equal((NOW.getTime() + 12 * HOUR) / 1000)
      return `Basic ${data?.authorizationToken}`
    }
    const get = async (
      port: number,
      target: string,
      authorization?: string,
    ): Promise<RawResponse> =>
      sendRaw(port, {
        method: 'GET',
        target,
        headers: [
          ['host', 'registry'],
          ...(authorization ? [['authorization', authorization] as const] : []),
        ],
        body: '',
      })

    it('hands out tags page by page to a token of its own', async () => {
      await running(async ({ port }, keys) => {
        const token = await authorizationOf(port, keys)
        expect((await get(port, '/v2/', token)).status).to.equal(200)
        const tags: string[] = []
        let next: string | undefined = '/v2/team/app/tags/list?n=2'
        while (next !== undefined) {
          const page: RawResponse = await get(port, next, token)
          tags.push(...(JSON.parse(page.body) as { tags: string[] }).tags)
          next = /^<([^>]+)>; rel="next"$/.exec(page.headers['link'] ?? '')?.[1]
        }
        expect(tags).to.deep.equal(['v1', 'v2', 'v3'])
        expect(nameOf(await get(port, '/v2/team/app/tags/list?n=1001', token))).to.equal(
          '405 UNSUPPORTED',
        )
        expect(nameOf(await get(port, '/v2/absent/tags/list', token))).to.equal('404 NAME_UNKNOWN')
      })
    })

    it('asks for credentials, and refuses those that it did not issue', async () => {
      await running(async ({ port }) => {
        const wrong = `Basic ${Buffer.from('AWS:wrong').toString('base64')}`
        for (const authorization of [undefined, wrong, 'Bearer x', 'Basic !']) {
          const response = await get(port, '/v2/', authorization)
          expect(nameOf(response), authorization).to.equal('401 UNAUTHORIZED')
          expect(response.headers['www-authenticate']).to.match(/^Basic realm="[^"]+",service="ecr/)
        }
      })
    })

    it('tells an expired token from a missing permission', async () => {
      let now = NOW
      await running(
        async (emulator, keys) => {
          const token = await authorizationOf(emulator.port, keys)
          const list = '/v2/team/app/tags/list'
          now = new Date(NOW.getTime() + 11 * HOUR)
          expect((await get(emulator.port, list, token)).status).to.equal(200)
          now = new Date(NOW.getTime() + 12 * HOUR)
          const expired = await get(emulator.port, list, token)
          expect(nameOf(expired)).to.equal('403 DENIED')
          expect(expired.body).to.include('Your authorization token has expired')
          now = NOW
          emulator.state.replace(stateFor(root, { role: { policies: [] } }))
          const denied = await get(emulator.port, list, token)
          expect(nameOf(denied)).to.equal('403 DENIED')
          expect(denied.body).to.include('ecr:ListImages')
        },
        {},
        { now: () => now },
      )
    })
  })
})

/** Status and error code, whatever the protocol. */
function nameOf({ status, body }: RawResponse): string {
  const code = /<Code>(\w+)|"(?:__type|code)":"(\w+)"/.exec(body)
  return `${status} ${code?.[1] ?? code?.[2] ?? ''}`
}

/** A PutObject whose payload travels in signed chunks. */
function chunked(keys: SessionKeys, chunks: readonly string[]): RawRequest {
  const scope = `${amzDateOf(NOW).slice(0, 8)}/${REGION}/s3/aws4_request`
  const request = awsRequest(keys, {
    service: 's3',
    method: 'PUT',
    path: '/beta/chunks',
    headers: { 'content-encoding': 'aws-chunked' },
    payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  })
  const authorization = request.headers.find(([name]) => name === 'authorization')?.[1] ?? ''
  let previous = authorization.slice(-64)
  const body = [...chunks, '']
    .map((chunk) => {
      const lines = [amzDateOf(NOW), scope, previous, sha256(''), sha256(chunk)]
      const text = ['AWS4-HMAC-SHA256-PAYLOAD', ...lines].join('\n')
      previous = hmac(signingKey(keys.secretAccessKey, scope), text).toString('hex')
      return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`
    })
    .join('')
  return withHeader({ ...request, body }, 'content-length', String(body.length))
}
