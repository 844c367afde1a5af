import { expect } from 'chai'
import { judgeCaller, judgeSession } from '../../../../src/doctor/judgements/session.js'
import { Secret } from '../../../../src/secret.js'

const AT = new Date('2026-06-01T12:00:00Z')
const ROLE = 'arn:aws:iam::123456789012:role/service/app'

const session = (lifeSeconds: number, clockOffsetMs = 0) => ({
  credentials: {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: new Secret('canary'),
    sessionToken: new Secret('canary'),
    expiration: new Date(AT.getTime() + lifeSeconds * 1000),
  },
  assumedRoleArn: 'arn:aws:sts::123456789012:assumed-role/app/1000',
  subjectArn: undefined,
  clockOffsetMs,
})

describe('judgeSession', () => {
  for (const [what, life, asked, offset, status] of [
    ['as long as asked for', 3600, 3600, 0, 'ok'],
    ['a second short', 3599, 3600, 0, 'ok'],
    ['shorter than asked for', 1800, 3600, 0, 'warning'],
    ['got with the time of the service', 3600, 3600, -7_200_000, 'warning'],
  ] as const) {
    it(`calls a session ${what} ${status}`, () => {
      const finding = judgeSession(session(life, offset), AT, asked, 12)
      expect(finding.status).to.equal(status)
      expect(JSON.stringify(finding)).to.not.contain('canary')
    })
  }
})

describe('judgeCaller', () => {
  const caller = (arn: string) => ({ arn, account: '123456789012', userId: 'AROA:1000' })

  it('takes a session of the role, whose path STS leaves out', () => {
    const arn = 'arn:aws:sts::123456789012:assumed-role/app/1000'
    expect(judgeCaller(caller(arn), ROLE)).to.include({ status: 'ok', message: arn })
  })

  for (const arn of [
    'arn:aws:sts::123456789012:assumed-role/other/1000',
    'arn:aws:sts::210987654321:assumed-role/app/1000',
    'arn:aws:iam::123456789012:user/app',
  ]) {
    it(`does not take ${arn}`, () => {
      expect(judgeCaller(caller(arn), ROLE).status).to.equal('failed')
    })
  }
})
