import type { IncomingHttpHeaders } from 'node:http'
import { expect } from 'chai'
import type { Answer } from '../../../../sidecar/server/http-answer.js'
import {
  createImds,
  type Imds,
  imdsRefreshIntervalMs,
  type ImdsTarget,
} from '../../../../sidecar/server/imds-routes.js'
import type { ObtainedSession } from '../../../../src/index.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { sessionUntil } from '../../../support/sessions.js'

const ROLE_ARN = 'arn:aws-cn:iam::123456789012:role/team/a+b'
const ROLES = '/latest/meta-data/iam/security-credentials'
const TTL = 'x-aws-ec2-metadata-token-ttl-seconds'

describe('the metadata routes', () => {
  let clock: ManualClock
  let held: ObtainedSession | undefined
  let imds: Imds
  let target: ImdsTarget
  let token: string

  beforeEach(() => {
    clock = new ManualClock('2026-01-01T00:00:00.999Z')
    held = sessionUntil(new Date('2026-01-01T01:00:00.500Z'))
    const holder = { current: () => held }
    target = { roleArn: ROLE_ARN, region: 'cn-north-1' }
    imds = createImds({ holder, target: () => target, clock })
    token = ask('PUT', '/latest/api/token', { [TTL]: '60' }).body.toString()
  })

  const ask = (method: string, url: string, headers: IncomingHttpHeaders = {}): Answer =>
    imds.answer({ method, url, headers })
  const get = (url: string): Answer => ask('GET', url, { 'x-aws-ec2-metadata-token': token })

  for (const { target, owned } of [
    { target: '/latest/api/token', owned: true },
    { target: '//latest/meta-data/', owned: true },
    { target: '/latest', owned: false },
    { target: '/latest-news/', owned: false },
    { target: '/v1/latest/', owned: false },
    { target: '/', owned: false },
  ]) {
    it(`${owned ? 'owns' : 'does not own'} ${target}`, () => {
      expect(imds.owns(target)).to.equal(owned)
    })
  }

  for (const ttl of ['1', '300', '21600', '00060']) {
    it(`issues a token for ${ttl} seconds and repeats its life`, () => {
      const { status, headers, body } = ask('PUT', '/latest/api/token', { [TTL]: ttl })
      expect(status).to.equal(200)
      expect(headers[TTL]).to.equal(String(Number(ttl)))
      expect(headers['content-type']).to.equal('text/plain')
      expect(body.toString()).to.match(/^[\w-]{43}$/)
    })
  }

  for (const ttl of [
    undefined,
    '',
    '0',
    '21601',
    '-1',
    '1.5',
    '1e3',
    ' 60',
    '60, 60',
    '999999',
    'x',
  ]) {
    it(`answers 400 to a life of ${ttl ?? 'no'} seconds`, () => {
      expect(
        ask('PUT', '/latest/api/token', ttl === undefined ? {} : { [TTL]: ttl }).status,
      ).to.equal(400)
    })
  }

  for (const { path, text } of [
    { path: ROLES, text: 'a+b' },
    { path: `${ROLES}/`, text: 'a+b' },
    { path: `/${ROLES}/`, text: 'a+b' },
    { path: `${ROLES}//`, text: 'a+b' },
    { path: '/latest/meta-data/placement/region', text: 'cn-north-1' },
    { path: '/latest/meta-data/placement/availability-zone/', text: 'cn-north-1a' },
  ]) {
    it(`answers ${path} with a plain line and no line feed`, () => {
      const { status, headers, body } = get(path)
      expect(status).to.equal(200)
      expect(headers['content-type']).to.equal('text/plain')
      expect(headers[TTL]).to.equal(60)
      expect(body.toString()).to.equal(text)
    })
  }

  for (const path of [`${ROLES}/a+b`, `${ROLES}/a+b/`, `${ROLES}//a+b?x`, `${ROLES}/a%2Bb`]) {
    it(`serves the credentials at ${path}`, () => {
      const { status, headers, body } = get(path)
      expect(status).to.equal(200)
      expect(headers['content-type']).to.equal('text/plain')
      expect(JSON.parse(body.toString())).to.deep.equal({
        Code: 'Success',
        LastUpdated: '2026-01-01T00:00:00Z',
        Type: 'AWS-HMAC',
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'canary-secret-access-key',
        Token: 'canary-session-token',
        Expiration: '2026-01-01T01:00:00Z',
      })
    })
  }

  it('tells the region and the account in the identity document', () => {
    const { body } = get('/latest/dynamic/instance-identity/document')
    expect(JSON.parse(body.toString())).to.deep.equal({
      version: '2017-09-30',
      accountId: '123456789012',
      region: 'cn-north-1',
      availabilityZone: 'cn-north-1a',
    })
  })

  it('names the role and the region of this moment', () => {
    target = { roleArn: 'arn:aws-cn:iam::210987654321:role/other', region: 'cn-northwest-1' }
    expect(get(ROLES).body.toString()).to.equal('other')
    expect(get(`${ROLES}/other`).status).to.equal(200)
    expect(get(`${ROLES}/a+b`).status).to.equal(404)
    expect(get('/latest/meta-data/placement/region').body.toString()).to.equal('cn-northwest-1')
  })

  it('tells a profile that is named like the role', () => {
    expect(JSON.parse(get('/latest/meta-data/iam/info').body.toString())).to.deep.equal({
      Code: 'Success',
      LastUpdated: '2026-01-01T00:00:00Z',
      InstanceProfileArn: 'arn:aws-cn:iam::123456789012:instance-profile/a+b',
    })
  })

  for (const path of [
    `${ROLES}/other`,
    `${ROLES}/team/a+b`,
    '/latest/meta-data/iam/security-credentials-extended/',
    '/latest/meta-data/iam/security-credentials-extended/a+b',
    '/latest/user-data',
    '/latest/meta-data/../api/token',
  ]) {
    it(`answers 404 to ${path}`, () => {
      expect(get(path).status).to.equal(404)
    })
  }

  for (const sent of [undefined, '', 'x', 'x'.repeat(43)]) {
    it(`answers 401 to the token ${sent ?? 'that is not there'}, whatever the path`, () => {
      for (const path of [ROLES, `${ROLES}/a+b`, '/latest/nothing']) {
        const headers = sent === undefined ? {} : { 'x-aws-ec2-metadata-token': sent }
        expect(ask('GET', path, headers).status).to.equal(401)
      }
    })
  }

  it('answers 401 once the token has expired', async () => {
    await clock.advance(59_999)
    expect(get(ROLES).headers[TTL]).to.equal(1)
    await clock.advance(1)
    expect(get(ROLES).status).to.equal(401)
  })

  for (const { method, path, allow } of [
    { method: 'GET', path: '/latest/api/token', allow: 'PUT' },
    { method: 'POST', path: '/latest/api/token', allow: 'PUT' },
    { method: 'PUT', path: ROLES, allow: 'GET, HEAD' },
    { method: 'DELETE', path: ROLES, allow: 'GET, HEAD' },
  ]) {
    it(`answers 405 to ${method} ${path}`, () => {
      const { status, headers } = ask(method, path, { 'x-aws-ec2-metadata-token': token })
      expect(status).to.equal(405)
      expect(headers['allow']).to.equal(allow)
    })
  }

  for (const { name, session, status } of [
    { name: 'none', session: undefined, status: 503 },
    {
      name: '25 minutes',
      session: sessionUntil(new Date('2026-01-01T00:25:00.999Z')),
      status: 200,
    },
    { name: 'less', session: sessionUntil(new Date('2026-01-01T00:25:00.998Z')), status: 503 },
    {
      name: 'less by the clock of the service',
      session: { ...sessionUntil(new Date('2026-01-01T00:26:00Z')), clockOffsetMs: 61_000 },
      status: 503,
    },
    {
      name: 'less by the clock that clients go by',
      session: { ...sessionUntil(new Date('2026-01-01T00:24:00Z')), clockOffsetMs: -600_000 },
      status: 503,
    },
  ]) {
    it(`answers ${status} while the session has this much life left: ${name}`, () => {
      held = session
      const answer = get(`${ROLES}/a+b`)
      expect(answer.status).to.equal(status)
      if (status === 503) expect(answer.body.toString()).to.not.match(/Success|ASIA/)
    })
  }

  it('stops serving a session that it has served before', async () => {
    token = ask('PUT', '/latest/api/token', { [TTL]: '21600' }).body.toString()
    expect(get(`${ROLES}/a+b`).status).to.equal(200)
    await clock.advance(36 * 60_000)
    expect(get(`${ROLES}/a+b`).status).to.equal(503)
  })

  it('does not take an ARN without a role', () => {
    const holder = { current: () => held }
    const bad = (): ImdsTarget => ({ roleArn: 'arn:aws:iam::1:', region: 'x' })
    expect(() => createImds({ holder, target: bad, clock })).to.throw(TypeError)
  })
})

describe('imdsRefreshIntervalMs', () => {
  for (const { lifeSeconds, minutes } of [
    { lifeSeconds: 3600, minutes: 30 },
    { lifeSeconds: 43_200, minutes: 690 },
    { lifeSeconds: 2100, minutes: 5 },
  ]) {
    it(`renews sessions of ${lifeSeconds} s every ${minutes} minutes`, () => {
      expect(imdsRefreshIntervalMs(lifeSeconds)).to.equal(minutes * 60_000)
    })
  }

  for (const lifeSeconds of [900, 2099]) {
    it(`says that sessions of ${lifeSeconds} s are too short`, () => {
      expect(imdsRefreshIntervalMs(lifeSeconds)).to.equal(undefined)
    })
  }
})
