import { expect } from 'chai'
import {
  ACCOUNT,
  ANCHOR_ARN,
  NOW,
  PROFILE_ARN,
  ROLE_ARN,
  type SessionRequestInit,
  sessionRequest,
  withHeader,
} from '../support/emulator-client.js'
import { stateFor, withEmulator } from '../support/emulator-fixture.js'
import {
  type CertificateInit,
  KeyUsageFlags,
  type TestIdentity,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
} from '../support/emulator-pki.js'
import { type RawRequest, sendRaw } from '../support/raw-http.js'

const MINUTE = 60_000
const ARNS = { profileArn: PROFILE_ARN, roleArn: ROLE_ARN, trustAnchorArn: ANCHOR_ARN }
const elsewhere = (arn: string): string => arn.replace('eu-central-1', 'us-east-1')
const unable = `Unable to assume role for ${ROLE_ARN}`

const trusting = (...actions: string[]): object => ({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { Service: 'rolesanywhere.amazonaws.com' },
    Action: actions,
    Condition: { ArnEquals: { 'aws:SourceArn': ANCHOR_ARN } },
  },
})

/** One request that deserves its answer, and the answer. */
interface Row {
  readonly deserves: string
  readonly answer: readonly [status: number, errorType: string, message?: string]
  readonly leaf?: CertificateInit
  readonly request?: SessionRequestInit
  readonly state?: Parameters<typeof stateFor>[1]
  readonly tamper?: (request: RawRequest) => RawRequest
}

const denied = (message: string): Row['answer'] => [403, 'AccessDeniedException', message]
const INVALID = [400, 'ValidationException'] as const
const NO_ANCHOR = denied("Specified Trust Anchor wasn't found.")
const UNTRUSTED = denied('Untrusted signing certificate')
const UNFIT = denied('Untrusted certificate. Insufficient certificate')
const BAD_SIGNATURE = denied('Invalid signature')
const NO_PROFILE = denied('Invalid or empty profile provided.')

const ROWS: readonly Row[] = [
  {
    deserves: 'a missing trust anchor ARN',
    request: { query: { profileArn: PROFILE_ARN, roleArn: ROLE_ARN } },
    answer: INVALID,
  },
  {
    deserves: 'an ill-formed role ARN',
    request: { query: { ...ARNS, roleArn: 'arn:aws:iam::1:role/x' } },
    answer: INVALID,
  },
  {
    deserves: 'a duration of 899 seconds',
    request: { body: { durationSeconds: 899 } },
    answer: INVALID,
  },
  {
    deserves: 'a duration of 43201 seconds',
    request: { body: { durationSeconds: 43_201 } },
    answer: INVALID,
  },
  {
    deserves: 'a duration that is a fraction',
    request: { body: { durationSeconds: 900.5 } },
    answer: INVALID,
  },
  { deserves: 'a body that is not JSON', request: { rawBody: '{"duration' }, answer: INVALID },
  { deserves: 'a body that is an array', request: { rawBody: '[]' }, answer: INVALID },
  {
    deserves: 'a role session name with a space',
    request: { body: { roleSessionName: 'a b' } },
    answer: INVALID,
  },
  {
    deserves: 'an unknown trust anchor',
    request: { query: { ...ARNS, trustAnchorArn: `${ANCHOR_ARN}2` } },
    answer: NO_ANCHOR,
  },
  { deserves: 'a disabled trust anchor', state: { anchor: { enabled: false } }, answer: NO_ANCHOR },
  {
    deserves: 'a trust anchor of another region',
    state: { anchor: { arn: elsewhere(ANCHOR_ARN) } },
    request: { query: { ...ARNS, trustAnchorArn: elsewhere(ANCHOR_ARN) } },
    answer: NO_ANCHOR,
  },
  {
    deserves: 'an expired certificate',
    leaf: { notAfter: new Date(NOW.getTime() - 1000) },
    answer: UNFIT,
  },
  {
    deserves: 'a certificate that is not yet valid',
    leaf: { notBefore: new Date(NOW.getTime() + 1000) },
    answer: UNFIT,
  },
  { deserves: 'a certificate that is a CA', leaf: { ca: true }, answer: UNFIT },
  {
    deserves: 'a certificate without digitalSignature',
    leaf: { usage: KeyUsageFlags.keyAgreement },
    answer: UNFIT,
  },
  { deserves: 'a certificate without key usage', leaf: { usage: null }, answer: UNFIT },
  { deserves: 'a certificate signed with SHA-1', leaf: { hash: 'SHA-1' }, answer: UNFIT },
  { deserves: 'a certificate with an empty subject', leaf: { subject: [] }, answer: UNFIT },
  { deserves: 'no certificate', request: { headers: { 'x-amz-x509': null } }, answer: UNFIT },
  {
    deserves: 'a certificate that is not base64',
    request: { headers: { 'x-amz-x509': 'not base64!' } },
    answer: UNFIT,
  },
  {
    deserves: 'a certificate that is not DER',
    request: { headers: { 'x-amz-x509': 'AAAA' } },
    answer: UNFIT,
  },
  {
    deserves: 'a chain that is not DER',
    request: { headers: { 'x-amz-x509-chain': 'AAAA' } },
    answer: UNTRUSTED,
  },
  {
    deserves: 'a clock that is slow by 16 minutes',
    request: { at: new Date(NOW.getTime() - 16 * MINUTE) },
    answer: BAD_SIGNATURE,
  },
  {
    deserves: 'a clock that is fast by 16 minutes',
    request: { at: new Date(NOW.getTime() + 16 * MINUTE) },
    answer: BAD_SIGNATURE,
  },
  {
    deserves: 'a serial number of another certificate',
    request: { serial: '4097' },
    answer: BAD_SIGNATURE,
  },
  {
    deserves: 'a scope of another date',
    request: { scopeDate: '20260531' },
    answer: BAD_SIGNATURE,
  },
  { deserves: 'a scope of another service', request: { service: 'sts' }, answer: BAD_SIGNATURE },
  {
    deserves: 'an algorithm that does not fit the key',
    request: { algorithm: 'AWS4-X509-RSA-SHA256' },
    answer: BAD_SIGNATURE,
  },
  ...['host', 'x-amz-date', 'x-amz-x509'].map((name) => ({
    deserves: `an unsigned ${name}`,
    request: { unsigned: [name] },
    answer: BAD_SIGNATURE,
  })),
  {
    deserves: 'no authorization',
    tamper: (request) => ({
      ...request,
      headers: request.headers.filter(([name]) => name !== 'authorization'),
    }),
    answer: BAD_SIGNATURE,
  },
  {
    deserves: 'two authorizations',
    tamper: (request) => ({
      ...request,
      headers: [
        ...request.headers,
        ...request.headers.filter(([name]) => name === 'authorization'),
      ],
    }),
    answer: BAD_SIGNATURE,
  },
  {
    deserves: 'a body that was changed',
    tamper: (request) => ({ ...request, body: '{"durationSeconds":3601}' }),
    answer: BAD_SIGNATURE,
  },
  { deserves: 'a disabled profile', state: { profile: { enabled: false } }, answer: NO_PROFILE },
  {
    deserves: 'an unknown profile',
    request: { query: { ...ARNS, profileArn: `${PROFILE_ARN}2` } },
    answer: NO_PROFILE,
  },
  {
    deserves: 'a profile of another region',
    state: { profile: { arn: elsewhere(PROFILE_ARN) } },
    request: { query: { ...ARNS, profileArn: elsewhere(PROFILE_ARN) } },
    answer: NO_PROFILE,
  },
  {
    deserves: 'a role that the profile does not list',
    request: { query: { ...ARNS, roleArn: `${ROLE_ARN}2` } },
    answer: denied("Requested Role isn't one of those listed in the Profile."),
  },
  {
    deserves: 'a role session name that the profile does not accept',
    request: { body: { roleSessionName: 'mine' } },
    answer: denied('Not authorized to set roleSessionName.'),
  },
  {
    deserves: 'a role that does not exist',
    state: { world: { roles: [] } },
    answer: denied(unable),
  },
  {
    deserves: 'a trust policy without TagSession',
    state: { role: { trustPolicy: trusting('sts:AssumeRole', 'sts:SetSourceIdentity') } },
    answer: denied(unable),
  },
  {
    deserves: 'a trust policy for another subject',
    state: {
      role: {
        trustPolicy: {
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'rolesanywhere.amazonaws.com' },
              Action: 'sts:*',
              Condition: { StringEquals: { 'aws:PrincipalTag/x509Subject/CN': 'other.test' } },
            },
          ],
        },
      },
    },
    answer: denied(unable),
  },
  {
    deserves: 'a role of another account without a trust policy',
    state: {
      profile: { roleArns: [ROLE_ARN.replace(ACCOUNT, '999999999999')] },
      role: { arn: ROLE_ARN.replace(ACCOUNT, '999999999999') },
    },
    request: { query: { ...ARNS, roleArn: ROLE_ARN.replace(ACCOUNT, '999999999999') } },
    answer: denied(unable.replace(ACCOUNT, '999999999999')),
  },
  {
    deserves: 'a duration above that of the role',
    state: { profile: { durationSeconds: 7200 } },
    request: { body: { durationSeconds: 7200 } },
    answer: denied(
      `${unable}: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
    ),
  },
  {
    deserves: 'more than 50 tags',
    leaf: { subject: Array.from({ length: 51 }, (_, n) => ({ [`1.2.3.4.${n}`]: [`v${n}`] })) },
    answer: [400, 'TooManyTagsException'],
  },
]

describe('the emulator answers CreateSession', () => {
  let root: TestIdentity

  before(async () => {
    root = await createRoot()
  })

  for (const { deserves, answer, leaf, request, state, tamper } of ROWS) {
    const [status, errorType, message] = answer
    it(`with ${errorType} to ${deserves}${message ? `: ${message}` : ''}`, async () => {
      const identity = await createLeaf(root, leaf)
      await withEmulator({ state: stateFor(root, state) }, async (emulator) => {
        const sent = sessionRequest(identity, request)
        const response = await sendRaw(emulator.port, tamper?.(sent) ?? sent)
        const reason = emulator.requests.at(-1)?.reason
        expect(response.status, reason).to.equal(status)
        expect(response.headers['x-amzn-errortype'], reason).to.equal(errorType)
        const body = JSON.parse(response.body) as Record<string, string>
        expect(Object.keys(body)).to.deep.equal(['message'])
        if (message !== undefined) expect(body['message'], reason).to.equal(message)
        expect(response.headers['x-amzn-requestid']).to.match(/^[0-9a-f-]{36}$/)
        expect(response.headers['date']).to.equal(NOW.toUTCString())
        expect(response.headers['content-type']).to.equal('application/json')
      })
    })
  }

  for (const [method, target] of [
    ['GET', '/sessions'],
    ['POST', '/session'],
    ['POST', '/sessions/'],
    ['GET', '/'],
  ] as const) {
    it(`with 404 to ${method} ${target}`, async () => {
      await withEmulator({ state: stateFor(root) }, async ({ port }) => {
        const response = await sendRaw(port, { method, target, headers: [['host', 'x']], body: '' })
        expect(response.status).to.equal(404)
      })
    })
  }

  it('as untrusted when the intermediate is not sent, and grants when it is', async () => {
    const issuing = await createIntermediate(root)
    const identity = await createLeaf(issuing)
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      const without = await sendRaw(port, sessionRequest(identity, { chain: [] }))
      expect(JSON.parse(without.body)).to.deep.equal({ message: 'Untrusted signing certificate' })
      expect((await sendRaw(port, sessionRequest(identity))).status).to.equal(201)
    })
  })

  it('as untrusted when a path needs a CA that is none, may not sign, or is too deep', async () => {
    const chains = [
      await createIntermediate(root, { ca: true, usage: KeyUsageFlags.cRLSign }),
      await createLeaf(root, { subject: 'CN=No CA' }),
      await createIntermediate(root, { notAfter: new Date('2026-05-31T00:00:00Z') }),
      await createIntermediate(await createIntermediate(root, { pathLength: 0 }), {
        subject: 'CN=Below',
      }),
    ]
    await withEmulator({ state: stateFor(root) }, async (emulator) => {
      for (const issuer of chains) {
        const identity = await createLeaf(issuer)
        const response = await sendRaw(emulator.port, sessionRequest(identity))
        const said = JSON.parse(response.body) as { message: string }
        expect(said.message, issuer.certificate.subject).to.equal('Untrusted signing certificate')
      }
    })
  })

  it('as untrusted when the chain has more than five certificates', async () => {
    const identity = await createLeaf(root)
    const six = Array.from({ length: 6 }, () => root.der)
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      const response = await sendRaw(port, sessionRequest(identity, { chain: six }))
      expect(JSON.parse(response.body)).to.deep.equal({ message: 'Untrusted signing certificate' })
    })
  })

  it('as untrusted when another root with the same name issued the certificate', async () => {
    const identity = await createLeaf(await createRoot())
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      const response = await sendRaw(port, sessionRequest(identity))
      expect(JSON.parse(response.body)).to.deep.equal({ message: 'Untrusted signing certificate' })
    })
  })

  it('with an unsigned chain only to lenient callers', async () => {
    const identity = await createLeaf(await createIntermediate(root))
    const request = sessionRequest(identity, { unsigned: ['x-amz-x509-chain'] })
    for (const [lenient, status] of [
      [false, 403],
      [true, 201],
    ] as const) {
      await withEmulator({ state: stateFor(root), lenient }, async ({ port }) => {
        expect((await sendRaw(port, request)).status).to.equal(status)
      })
    }
  })

  it('as revoked while an enabled CRL names the certificate', async () => {
    const identity = await createLeaf(root, { serial: 'f00d' })
    const other = await createLeaf(root, { serial: 'beef' })
    const crls = [{ crl: await createCrl(root, ['f00d']) }]
    await withEmulator({ state: stateFor(root, { anchor: { crls } }) }, async (emulator) => {
      const ask = async (leaf: TestIdentity): Promise<string> =>
        (await sendRaw(emulator.port, sessionRequest(leaf))).body
      expect(JSON.parse(await ask(identity))).to.deep.equal({ message: 'Certificate revoked' })
      expect(await ask(other)).to.include('credentialSet')
      emulator.state.setCrlsEnabled(ANCHOR_ARN, false)
      expect(await ask(identity)).to.include('credentialSet')
      emulator.state.setCrlsEnabled(ANCHOR_ARN, true)
      expect(JSON.parse(await ask(identity))).to.deep.equal({ message: 'Certificate revoked' })
    })
  })

  it('as revoked by a CRL of the intermediate, or of the root about the intermediate', async () => {
    const issuing = await createIntermediate(root, { serial: '0abc' })
    const identity = await createLeaf(issuing)
    for (const crl of [
      { crl: await createCrl(issuing, ['1000']), issuer: issuing.pem },
      { crl: await createCrl(root, ['0abc']) },
    ]) {
      const state = stateFor(root, { anchor: { crls: [crl] } })
      await withEmulator({ state }, async ({ port }) => {
        const response = await sendRaw(port, sessionRequest(identity))
        expect(JSON.parse(response.body)).to.deep.equal({ message: 'Certificate revoked' })
      })
    }
  })

  it('with an algorithm that does not fit the key only to lenient callers', async () => {
    const identity = await createLeaf(root)
    const request = sessionRequest(identity, { algorithm: 'AWS4-X509-RSA-SHA256' })
    for (const [lenient, status] of [
      [false, 403],
      [true, 201],
    ] as const) {
      await withEmulator({ state: stateFor(root), lenient }, async ({ port }) => {
        expect((await sendRaw(port, request)).status).to.equal(status)
      })
    }
  })

  it('in another order of checks when asked to', async () => {
    const identity = await createLeaf(root, { usage: null })
    const request = withHeader(sessionRequest(identity), 'x-amz-date', '20260601T120001Z')
    const order = [
      ...(['parameters', 'trustAnchor', 'path', 'signature', 'certificate'] as const),
      ...(['revocation', 'profile', 'role', 'roleSessionName', 'assumeRole'] as const),
      ...(['duration', 'tags'] as const),
    ]
    await withEmulator({ state: stateFor(root) }, async ({ port }) => {
      expect((await sendRaw(port, request)).body).to.include('Insufficient certificate')
    })
    await withEmulator({ state: stateFor(root), checkOrder: order }, async ({ port }) => {
      expect((await sendRaw(port, request)).body).to.include('Invalid signature')
    })
  })

  it('with throttling when a fault says so, in the words that clients retry on', async () => {
    const identity = await createLeaf(root)
    const faults = [{ operation: 'CreateSession', kind: 'throttle', count: 1 }] as const
    await withEmulator({ state: stateFor(root), faults }, async ({ port }) => {
      const response = await sendRaw(port, sessionRequest(identity))
      expect(response.status).to.equal(429)
      expect(response.headers['x-amzn-errortype']).to.equal('ThrottlingException')
      expect((await sendRaw(port, sessionRequest(identity))).status).to.equal(201)
    })
  })
})
