import { inspect } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import {
  createSessionRequest,
  processCreateSessionResponse,
  requestTarget,
} from '../../../src/protocol/create-session.js'
import type { HttpResponse } from '../../../src/protocol/http-message.js'
import { VERSION } from '../../../src/version.js'
import { throwsWithCode } from '../../support/rejects.js'

const params = {
  trustAnchorArn: 'arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/t',
  profileArn: 'arn:aws:rolesanywhere:us-east-1:123456789012:profile/p',
  roleArn: 'arn:aws:iam::123456789012:role/r',
}
const endpoint = { protocol: 'http:', hostname: '127.0.0.1', port: 9443 } as const

describe('createSessionRequest', () => {
  it('puts the ARNs in the query and the rest in the body', () => {
    const session = { ...params, durationSeconds: 900, roleSessionName: 'my-sess' }
    expect(createSessionRequest(session, endpoint)).to.deep.equal({
      method: 'POST',
      protocol: 'http:',
      hostname: '127.0.0.1',
      port: 9443,
      path: '/sessions',
      query: params,
      headers: { 'content-type': 'application/json', 'user-agent': `rolesanywhere/${VERSION}` },
      body: '{"durationSeconds":900,"roleSessionName":"my-sess"}',
    })
  })

  it('leaves out what was not asked for', () => {
    expect(createSessionRequest(params, endpoint).body).to.equal('{}')
  })

  for (const durationSeconds of [900, 3600, 43_200]) {
    it(`takes ${durationSeconds} s`, () => {
      const { body } = createSessionRequest({ ...params, durationSeconds }, endpoint)
      expect(JSON.parse(body)).to.deep.equal({ durationSeconds })
    })
  }

  for (const durationSeconds of [899, 43_201, 900.5, 0, -900, NaN, Infinity]) {
    it(`refuses ${durationSeconds} s`, () => {
      const request = (): unknown => createSessionRequest({ ...params, durationSeconds }, endpoint)
      throwsWithCode(request, 'ERR_RA_SETTING_INVALID')
    })
  }

  for (const roleSessionName of ['ab', 'A_z+=,.@-9', 'x'.repeat(64)]) {
    it(`takes the role session name ${roleSessionName}`, () => {
      const { body } = createSessionRequest({ ...params, roleSessionName }, endpoint)
      expect(JSON.parse(body)).to.deep.equal({ roleSessionName })
    })
  }

  for (const roleSessionName of ['', 'a', 'x'.repeat(65), 'a b', 'a/b', 'a:b', 'ab\n', 'Zoë']) {
    it(`refuses the role session name ${JSON.stringify(roleSessionName)}`, () => {
      const request = (): unknown => createSessionRequest({ ...params, roleSessionName }, endpoint)
      throwsWithCode(request, 'ERR_RA_SETTING_INVALID')
    })
  }
})

describe('requestTarget', () => {
  it('writes path and query as the signature covers them', () => {
    expect(requestTarget(createSessionRequest(params, endpoint))).to.equal(
      '/sessions' +
        '?profileArn=arn%3Aaws%3Arolesanywhere%3Aus-east-1%3A123456789012%3Aprofile%2Fp' +
        '&roleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr' +
        '&trustAnchorArn=arn%3Aaws%3Arolesanywhere%3Aus-east-1%3A123456789012%3Atrust-anchor%2Ft',
    )
  })

  it('is the path alone when there is no query', () => {
    const request = { ...createSessionRequest(params, endpoint), query: {} }
    expect(requestTarget(request)).to.equal('/sessions')
  })
})

const at = new Date('2026-01-01T00:00:00Z')
const CANARY = 'canary-7f3a'

const complete = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: `${CANARY}-secret`,
  sessionToken: `${CANARY}-token`,
  expiration: '2026-01-01T01:00:00Z',
}

function answer(body: unknown, status = 201): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers: { 'content-type': 'application/json' }, body: text }
}

const answerWith = (credentials: unknown): HttpResponse =>
  answer({ credentialSet: [{ credentials }] })

describe('processCreateSessionResponse', () => {
  it('reads the first credential set and who it is for', () => {
    const assumed = 'arn:aws:sts::123456789012:assumed-role/r/1000'
    const subjectArn = 'arn:aws:rolesanywhere:us-east-1:123456789012:subject/s'
    const body = {
      credentialSet: [
        {
          assumedRoleUser: { arn: assumed, assumedRoleId: 'AROAEXAMPLE:1000' },
          credentials: complete,
          packedPolicySize: 10,
          roleArn: params.roleArn,
          sourceIdentity: 'CN=test',
        },
        { credentials: { ...complete, accessKeyId: 'ASIASECOND' } },
      ],
      subjectArn,
    }
    const session = processCreateSessionResponse(answer(body), at)
    expect(session.assumedRoleArn).to.equal(assumed)
    expect(session.subjectArn).to.equal(subjectArn)
    expect(session.credentials.accessKeyId).to.equal('ASIAEXAMPLE')
    expect(session.credentials.secretAccessKey.reveal()).to.equal(complete.secretAccessKey)
    expect(session.credentials.sessionToken.reveal()).to.equal(complete.sessionToken)
    expect(session.credentials.expiration).to.deep.equal(new Date('2026-01-01T01:00:00Z'))
  })

  it('does without the ARNs, and without any that could not be one', () => {
    const entry = { credentials: complete, assumedRoleUser: { arn: 'a\nb' } }
    const body = { credentialSet: [entry], subjectArn: 7 }
    const session = processCreateSessionResponse(answer(body, 200), at)
    expect(session.assumedRoleArn).to.equal(undefined)
    expect(session.subjectArn).to.equal(undefined)
  })

  for (const [expiration, instant] of [
    ['2026-01-01T01:00:00.5Z', '2026-01-01T01:00:00.500Z'],
    ['2026-01-01T03:00:00+02:00', '2026-01-01T01:00:00.000Z'],
  ] as const) {
    it(`reads the expiration ${expiration}`, () => {
      const { credentials } = processCreateSessionResponse(
        answerWith({ ...complete, expiration }),
        at,
      )
      expect(credentials.expiration.toISOString()).to.equal(instant)
    })
  }

  const incomplete: readonly [name: string, response: HttpResponse][] = [
    ['no body', answer('')],
    ['HTML', answer('<html>Please log in</html>', 200)],
    [
      'JSON cut short',
      answer(JSON.stringify({ credentialSet: [{ credentials: complete }] }).slice(0, -9)),
    ],
    ['null', answer('null')],
    ['a list', answer([complete])],
    ['no credential set', answer({})],
    ['an empty credential set', answer({ credentialSet: [] })],
    [
      'a credential set that is no list',
      answer({ credentialSet: { 0: { credentials: complete } } }),
    ],
    ['an entry without credentials', answer({ credentialSet: [{}] })],
    ['null credentials', answerWith(null)],
    [
      'credentials in the case of other documents',
      answerWith({
        AccessKeyId: 'A',
        SecretAccessKey: 'B',
        Token: 'C',
        Expiration: complete.expiration,
      }),
    ],
    ...(['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration'] as const).flatMap(
      (field): [string, HttpResponse][] =>
        [undefined, null, '', 7, {}, 'a\nb', 'a\u0000b', ' ', 'ü'].map((value) => [
          `${field} ${JSON.stringify(value)}`,
          answerWith({ ...complete, [field]: value }),
        ]),
    ),
    ...[
      '2026-01-01T01:00:00',
      '2026-01-01',
      '2026-13-01T01:00:00Z',
      'Thu, 01 Jan 2026 01:00:00 GMT',
      '1767229200',
      'tomorrow',
      '2026-01-01T01:00:00Z\n',
    ].map((expiration): [string, HttpResponse] => [
      `the expiration ${JSON.stringify(expiration)}`,
      answerWith({ ...complete, expiration }),
    ]),
    [
      'an expiration that has come',
      answerWith({ ...complete, expiration: '2026-01-01T00:00:00Z' }),
    ],
    ['an expiration in the past', answerWith({ ...complete, expiration: '2025-12-31T23:59:59Z' })],
  ]
  for (const [name, response] of incomplete) {
    it(`refuses a success with ${name}, and repeats nothing of it`, () => {
      const error = throwsWithCode(
        () => processCreateSessionResponse(response, at),
        'ERR_RA_RESPONSE_INVALID',
      )
      expect(inspect(error, { depth: 10, showHidden: true })).to.not.include(CANARY)
    })
  }

  it('makes an error of any other status', () => {
    const denied = answer({ message: 'Untrusted signing certificate' }, 403)
    throwsWithCode(() => processCreateSessionResponse(denied, at), 'ERR_RA_SESSION_DENIED')
    const redirect = answer({ credentialSet: [{ credentials: complete }] }, 302)
    throwsWithCode(() => processCreateSessionResponse(redirect, at), 'ERR_RA_RESPONSE_INVALID')
  })

  it('answers any body with a session or with its own error', () => {
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ credentialSet: [{ credentials: value }] })),
    )
    fc.assert(
      fc.property(body, fc.integer({ min: 100, max: 599 }), (text, status) => {
        try {
          processCreateSessionResponse(answer(text, status), at)
        } catch (error) {
          if (!(error instanceof RolesAnywhereError)) throw error
        }
      }),
    )
  })

  it('survives deep nesting', () => {
    const body = '['.repeat(500_000)
    const read = (): unknown => processCreateSessionResponse(answer(body), at)
    throwsWithCode(read, 'ERR_RA_RESPONSE_INVALID')
  })
})
