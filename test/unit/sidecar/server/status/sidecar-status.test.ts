import { expect } from 'chai'
import type { CertificateSnapshot, RoleSnapshot } from '../../../../../sidecar/server/observer.js'
import {
  certificateState,
  readiness,
  roleState,
  sidecarStatus,
} from '../../../../../sidecar/server/status/sidecar-status.js'
import {
  certificate,
  days,
  emptyRole,
  minutes,
  NOW,
  readyRole,
  snapshotOf,
} from '../../../../support/snapshots.js'

const DENIED = { code: 'ERR_RA_SESSION_DENIED', at: minutes(-2), count: 3 } as const
const AWAY = { code: 'ERR_RA_ENDPOINT_UNREACHABLE', at: minutes(-1), count: 1 } as const

describe('the state of a role', () => {
  for (const { name, role, state } of [
    { name: 'a session that is fresh', role: readyRole(), state: 'ready' },
    { name: 'a session that is overdue', role: readyRole({ stale: true }), state: 'degraded' },
    {
      name: 'a session and a failed refresh',
      role: readyRole({ failure: AWAY }),
      state: 'degraded',
    },
    { name: 'no session yet', role: emptyRole(), state: 'starting' },
    { name: 'no session and a failure', role: emptyRole({ failure: DENIED }), state: 'failed' },
    {
      name: 'a session that has just ended',
      role: readyRole({ expiration: NOW }),
      state: 'starting',
    },
  ]) {
    it(`is ${state} with ${name}`, () => expect(roleState(role, NOW)).to.equal(state))
  }
})

describe('the state of a certificate', () => {
  for (const { name, more, state } of [
    { name: 'with twelve days left of ninety', more: {}, state: 'ready' },
    { name: 'in its last week', more: { notAfter: days(6) }, state: 'degraded' },
    {
      name: 'of a day that is half over',
      more: { notBefore: days(-0.5), notAfter: days(0.5) },
      state: 'ready',
    },
    {
      name: 'of a day with an hour left',
      more: { notBefore: minutes(-23 * 60), notAfter: minutes(60) },
      state: 'degraded',
    },
    { name: 'after its end', more: { notAfter: NOW }, state: 'failed' },
    {
      name: 'whose successor cannot be used',
      more: { reloadFailure: { code: 'ERR_RA_KEY_MISMATCH', at: minutes(-5) } },
      state: 'degraded',
    },
  ] as { name: string; more: Partial<CertificateSnapshot>; state: string }[]) {
    it(`is ${state} ${name}`, () =>
      expect(certificateState(certificate(more), NOW)).to.equal(state))
  }
})

describe('the sidecar in words', () => {
  const three = [readyRole(), readyRole({ name: 'reports' }), readyRole({ name: 'archive' })]

  it('says first what people want to know', () => {
    expect(sidecarStatus(snapshotOf({ roles: three }), NOW)).to.deep.equal({
      state: 'ready',
      headline: '3 roles ready; certificate expires in 12 days',
      problems: [],
    })
  })

  for (const { roles, headline, state } of [
    { roles: [readyRole()], headline: '1 role ready', state: 'ready' },
    { roles: [emptyRole()], headline: 'role not ready', state: 'starting' },
    {
      roles: [emptyRole({ failure: DENIED }), readyRole()],
      headline: '1 of 2 roles ready',
      state: 'failed',
    },
    { roles: [emptyRole(), readyRole()], headline: '1 of 2 roles ready', state: 'starting' },
    { roles: [emptyRole(), emptyRole()], headline: 'none of 2 roles ready', state: 'starting' },
    { roles: [readyRole({ failure: AWAY })], headline: '1 role ready', state: 'degraded' },
  ] as { roles: RoleSnapshot[]; headline: string; state: string }[]) {
    it(`says "${headline}" and ${state} of roles that are ${roles.map((role) => roleState(role, NOW)).join(' and ')}`, () => {
      const status = sidecarStatus(snapshotOf({ roles }), NOW)
      expect(status.state).to.equal(state)
      expect(status.headline.split('; ')[0]).to.equal(headline)
    })
  }

  it('says so when no certificate was read, and when it has expired', () => {
    const { certificate: _, ...none } = snapshotOf()
    expect(sidecarStatus(none, NOW).headline).to.contain('no certificate read yet')
    const expired = sidecarStatus(
      snapshotOf({ certificate: certificate({ notAfter: minutes(-90) }) }),
      NOW,
    )
    expect(expired.headline).to.contain('certificate expired 1 h 30 min ago')
    expect(expired.state).to.equal('degraded')
  })

  it('names each problem with its code, what still works, and what to do', () => {
    const { problems } = sidecarStatus(
      snapshotOf({
        roles: [readyRole({ failure: AWAY }), emptyRole({ name: 'archive', failure: DENIED })],
        certificate: certificate({ reloadFailure: { code: 'internal', at: minutes(-5) } }),
      }),
      NOW,
    )
    expect(problems.map(({ what }) => what)).to.deep.equal([
      'default: refresh failed once, last 1 min ago (ERR_RA_ENDPOINT_UNREACHABLE); the session held is good for 40 min.',
      'archive: refresh failed 3 times in a row, last 2 min ago (ERR_RA_SESSION_DENIED); there is no session.',
      'The changed certificate files cannot be used (internal, 5 min ago); the certificate loaded before is kept.',
    ])
    for (const { advice } of problems) expect(advice).to.match(/\.$/)
  })

  it('tells of a refresh that is overdue and of a certificate that nobody renews', () => {
    const { problems } = sidecarStatus(
      snapshotOf({
        roles: [readyRole({ stale: true })],
        certificate: certificate({ notAfter: days(3) }),
      }),
      NOW,
    )
    expect(problems.map(({ what }) => what)).to.deep.equal([
      'default: the refresh is overdue; the session held is good for 40 min.',
      'The certificate expires in 3 days and has not been renewed.',
    ])
  })
})

describe('readiness', () => {
  it('stays while a session is held, whatever happens to its refresh and to the certificate', () => {
    const roles = [readyRole({ stale: true, failure: DENIED })]
    const expired = certificate({ notAfter: minutes(-1) })
    expect(readiness(snapshotOf({ roles, certificate: expired }), NOW)).to.deep.equal({
      ready: true,
      text: 'ready',
    })
  })

  it('needs a session for every role, and names those that have none', () => {
    const roles = [
      readyRole(),
      emptyRole({ name: 'reports' }),
      emptyRole({ name: 'archive', failure: DENIED }),
    ]
    expect(readiness(snapshotOf({ roles }), NOW)).to.deep.equal({
      ready: false,
      text: 'not ready: no session for reports (starting), archive (ERR_RA_SESSION_DENIED)',
    })
  })

  it('is not there without any role', () => {
    expect(readiness(snapshotOf({ roles: [] }), NOW).ready).to.equal(false)
  })
})
