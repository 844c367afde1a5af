import { expect } from 'chai'
import type { CheckResult } from '../../../src/doctor/check.js'
import { failed, ok, skipped, warning } from '../../../src/doctor/finding.js'
import { jsonReport, textReporter } from '../../../src/doctor/report.js'

const RESULTS: readonly CheckResult[] = [
  { id: 'settings.region', group: 'settings', finding: ok('eu-central-1 (flag --region)') },
  { id: 'settings.timeout', group: 'settings', finding: warning('late', 'be early', { ms: 1 }) },
  {
    id: 'session.create-session',
    group: 'session',
    finding: {
      ...failed('ERR_RA_SESSION_DENIED', 'no', 'ask again'),
      causes: ['this', 'that'],
    },
  },
  { id: 'session.caller-identity', group: 'session', finding: skipped('not now') },
]

const text = (colour: boolean): string => {
  const report = textReporter({ colour })
  return RESULTS.map((result) => report.add(result)).join('') + report.end(RESULTS)
}

describe('the report', () => {
  it('has a heading for each group, a line for each check, and hints below', () => {
    expect(text(false)).to.equal(`Settings
  ✓ region                   eu-central-1 (flag --region)
  ! timeout                  late
      hint: be early

Session
  ✗ create-session           no
      likely causes, the most frequent first:
        1. this
        2. that
      hint: ask again
  - caller-identity          not now

1 ok, 1 to look at, 1 failed, 1 skipped
`)
  })

  it('has colours only when asked for', () => {
    // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
    const escapes = /\u001b\[\d+m/g
    expect(text(false)).to.not.match(escapes)
    expect(text(true)).to.match(escapes)
    expect(text(true).replace(escapes, '')).to.equal(text(false))
  })

  it('has one line for checks in a row that were skipped for the same reason', () => {
    const report = textReporter({ colour: false })
    const finding = skipped('left out')
    const dns = report.add({ id: 'network.dns', group: 'network', finding })
    const tcp = report.add({ id: 'network.tcp', group: 'network', finding })
    const session = report.add({ id: 'session.x', group: 'session', finding })
    expect([dns, tcp, session, report.end([])]).to.deep.equal([
      'Clock and network\n',
      '',
      '  - dns, tcp                 left out\n\nSession\n',
      '  - x                        left out\n\n0 ok, 0 to look at, 0 failed, 0 skipped\n',
    ])
  })

  it('lets nothing of a name steer the terminal', () => {
    const finding = ok('a\u001b[2Jb\nc\u202ed')
    const line = textReporter({ colour: false }).add({ id: 'files.x', group: 'files', finding })
    expect(line).to.contain('a?[2Jb?c?d\n')
  })

  it('has the same members for every check as JSON', () => {
    const report = JSON.parse(jsonReport(RESULTS)) as { checks: object[] }
    expect(report).to.have.property('version', 1)
    expect(report).to.have.deep.property('summary', { ok: 1, warning: 1, failed: 1, skipped: 1 })
    for (const entry of report.checks) {
      expect(Object.keys(entry)).to.deep.equal([
        ...['id', 'group', 'status', 'message', 'hint', 'causes', 'code', 'kind', 'detail'],
      ])
    }
    expect(report.checks[2]).to.deep.equal({
      id: 'session.create-session',
      group: 'session',
      status: 'failed',
      message: 'no',
      hint: 'ask again',
      causes: ['this', 'that'],
      code: 'ERR_RA_SESSION_DENIED',
      kind: 'denied',
      detail: {},
    })
    expect(report.checks[0]).to.include({ hint: null, code: null, kind: null })
  })
})
