import { once } from 'node:events'
import { type IncomingMessage, request, type Server } from 'node:http'
import { STSClient } from '@aws-sdk/client-sts'
import { fromInstanceMetadata } from '@aws-sdk/credential-providers'
import { expect } from 'chai'
import { tokenAuthorization } from '../../sidecar/server/authorization.js'
import { createCredentialServer } from '../../sidecar/server/credential-server.js'
import { createImds } from '../../sidecar/server/imds-routes.js'
import { listenAll } from '../../sidecar/server/listen-all.js'
import type { ObtainedSession } from '../../src/index.js'
import { systemClock } from '../../src/system-clock.js'
import { sendRaw, type RawResponse } from '../support/raw-http.js'
import { sessionUntil } from '../support/sessions.js'

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds'
const ROLES = '/latest/meta-data/iam/security-credentials'
const MINUTE_MS = 60_000

/** Every variable that decides where the SDK looks, so that the test's own environment does not. */
const ENVIRONMENT = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_PROFILE: undefined,
  AWS_EC2_METADATA_DISABLED: undefined,
  AWS_EC2_METADATA_V1_DISABLED: undefined,
  AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: undefined,
}

describe('the instance metadata routes', () => {
  let held: ObtainedSession | undefined
  let servers: readonly Server[]
  let url: string
  let port: number
  const before = new Map<string, string | undefined>()

  beforeEach(async () => {
    held = sessionUntil(new Date(Date.now() + 60 * MINUTE_MS))
    const holder = { current: () => held }
    const imds = createImds({
      holder,
      target: () => ({
        roleArn: 'arn:aws:iam::123456789012:role/team/app',
        region: 'eu-central-1',
      }),
      clock: systemClock,
    })
    const addresses = ['127.0.0.1', '::1'].map((host) => ({ host, port: 0 }))
    const listeners = await listenAll(addresses, () =>
      createCredentialServer({
        sessions: new Map([['', holder]]),
        authorization: tokenAuthorization(() => ['a-token-of-sufficient-length']),
        host: ['127.0.0.1', '::1'],
        imds,
      }),
    )
    servers = listeners.servers
    url = listeners.urls[0]!
    port = Number(new URL(url).port)
    setEnvironment({ ...ENVIRONMENT, AWS_EC2_METADATA_SERVICE_ENDPOINT: url })
  })

  afterEach(() => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
    for (const [name, value] of before) setVariable(name, value)
    before.clear()
  })

  function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (!before.has(name)) before.set(name, process.env[name])
      setVariable(name, value)
    }
  }

  function setVariable(name: string, value: string | undefined): void {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }

  async function ask(
    method: string,
    target: string,
    ...headers: readonly (readonly [string, string])[]
  ): Promise<RawResponse> {
    return sendRaw(port, { method, target, headers: [['Host', '127.0.0.1'], ...headers], body: '' })
  }

  const issue = async (): Promise<string> =>
    (await ask('PUT', '/latest/api/token', [TTL, '60'])).body

  describe('as the JavaScript SDK sees them', () => {
    for (const { name, suffix } of [
      { name: 'without a final slash', suffix: '' },
      { name: 'with a final slash', suffix: '/' },
    ]) {
      it(`give credentials at an endpoint ${name}`, async () => {
        setEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url + suffix })
        const credentials = await fromInstanceMetadata({ ec2MetadataV1Disabled: true })()
        expect(credentials).to.deep.include({
          accessKeyId: 'ASIAEXAMPLE',
          secretAccessKey: 'canary-secret-access-key',
          sessionToken: 'canary-session-token',
        })
        const expiration = held!.credentials.expiration.getTime()
        expect(credentials.expiration?.getTime()).to.equal(Math.floor(expiration / 1000) * 1000)
      })
    }

    it('give the region', async () => {
      setEnvironment({
        AWS_EXECUTION_ENV: undefined,
        AWS_REGION: undefined,
        AWS_DEFAULT_REGION: undefined,
      })
      // How the SDK shows which region it takes the machine to be in.
      const modeIn = async (region: string): Promise<string> => {
        const { defaultsMode } = new STSClient({ region, defaultsMode: 'auto' }).config
        return typeof defaultsMode === 'function' ? defaultsMode() : defaultsMode
      }
      expect(await modeIn('eu-central-1')).to.equal('in-region')
      expect(await modeIn('us-east-1')).to.equal('cross-region')
    })

    for (const { name, session } of [
      { name: 'no session', session: () => undefined },
      {
        name: 'a session that the SDK would stretch',
        session: () => sessionUntil(new Date(Date.now() + 24 * MINUTE_MS)),
      },
    ]) {
      it(`give an error, and no credentials, while there is ${name}`, async () => {
        held = session()
        const outcome = await fromInstanceMetadata({
          maxRetries: 0,
          ec2MetadataV1Disabled: true,
        })().then(
          () => 'credentials',
          (error: unknown) => error,
        )
        expect(outcome).to.be.instanceOf(Error)
        expect(outcome).to.include({ statusCode: 503 })
      })
    }
  })

  it('item 40: a token has no line feed, and its life is repeated', async () => {
    const { status, headers, body } = await ask('PUT', '/latest/api/token', [TTL, '21600'])
    expect(status).to.equal(200)
    expect(headers[TTL]).to.equal('21600')
    expect(headers['content-type']).to.equal('text/plain')
    expect(body).to.match(/^[\w-]{43}$/)
  })

  it('item 40: 400 without a life, and 403 for a request that was forwarded', async () => {
    expect((await ask('PUT', '/latest/api/token')).status).to.equal(400)
    expect((await ask('PUT', '/latest/api/token', [TTL, '0'])).status).to.equal(400)
    const forwarded = ['X-Forwarded-For', '127.0.0.1'] as const
    expect((await ask('PUT', '/latest/api/token', [TTL, '60'], forwarded)).status).to.equal(403)
  })

  it('item 41: 401 without a token, with one of its own making, and with two', async () => {
    const token = await issue()
    expect((await ask('GET', ROLES)).status).to.equal(401)
    const header = 'X-aws-ec2-metadata-token'
    expect((await ask('GET', ROLES, [header, 'made-up'])).status).to.equal(401)
    expect((await ask('GET', ROLES, [header, token], [header, token])).status).to.equal(401)
    expect((await ask('GET', ROLES, [header, token])).status).to.equal(200)
  })

  it('item 41: the authorization token of the container route opens nothing here', async () => {
    const authorization = ['Authorization', 'a-token-of-sufficient-length'] as const
    expect((await ask('GET', `${ROLES}/app`, authorization)).status).to.equal(401)
  })

  it('items 42 and 43: the role and its credentials, with and without a final slash', async () => {
    const token = ['X-aws-ec2-metadata-token', await issue()] as const
    for (const path of [ROLES, `${ROLES}/`]) {
      expect((await ask('GET', path, token)).body).to.equal('app')
    }
    for (const path of [`${ROLES}/app`, `${ROLES}/app/`]) {
      const document = JSON.parse((await ask('GET', path, token)).body) as Record<string, string>
      expect(document).to.include({ Code: 'Success', Type: 'AWS-HMAC' })
      for (const name of ['LastUpdated', 'Expiration']) {
        expect(document[name]).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
      }
    }
  })

  it('guard the host, and browsers, as the container route does', async () => {
    const headers = [
      ['Host', 'evil.example'],
      [TTL, '60'],
    ] as const
    const target = '/latest/api/token'
    const rebound = await sendRaw(port, { method: 'PUT', target, headers, body: '' })
    expect(rebound.status).to.equal(403)
    const page = await ask('PUT', target, [TTL, '60'], ['Origin', 'http://localhost'])
    expect(page.status).to.equal(403)
  })

  it('know at one address the tokens that they issued at the other', async () => {
    const headers = { 'X-aws-ec2-metadata-token': await issue() }
    const outgoing = request({ host: '::1', port, path: ROLES, headers, agent: false })
    outgoing.end()
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    incoming.resume()
    expect(incoming.statusCode).to.equal(200)
  })

  it('leave the container route as it is', async () => {
    const authorization = ['Authorization', 'a-token-of-sufficient-length'] as const
    expect((await ask('GET', '/v1/credentials', authorization)).status).to.equal(200)
    expect((await ask('GET', '/v1/credentials')).status).to.equal(401)
  })
})
