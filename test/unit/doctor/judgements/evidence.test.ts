import { expect } from 'chai'
import type { CheckId, CheckResult } from '../../../../src/doctor/check.js'
import { failed, type Finding, ok, skipped } from '../../../../src/doctor/finding.js'
import { weighCauses } from '../../../../src/doctor/judgements/evidence.js'

const CAUSES = ['the clock', 'the key', 'a proxy']
const result = (id: CheckId, finding: Finding): CheckResult => ({ id, group: 'network', finding })
const bad = failed('ERR_RA_CLOCK_SKEW', 'wrong', 'set it')

describe('weighCauses', () => {
  const weigh = (...soFar: CheckResult[]): readonly string[] =>
    weighCauses('signature-invalid', CAUSES, soFar)

  it('keeps the order of the table when nothing is known', () => {
    expect(weigh()).to.deep.equal(CAUSES)
    expect(weigh(result('network.clock', skipped('offline')))).to.deep.equal(CAUSES)
  })

  it('puts last what a check has ruled out', () => {
    expect(weigh(result('network.clock', ok('right')))).to.deep.equal([
      'the key',
      'a proxy',
      'the clock (ruled out by network.clock)',
    ])
  })

  it('puts first what a check confirms', () => {
    expect(weigh(result('certificate.key-match', bad))).to.deep.equal([
      'the key (so says certificate.key-match)',
      'the clock',
      'a proxy',
    ])
  })

  it('leaves alone a refusal that it knows nothing of', () => {
    const clock = result('network.clock', ok('right'))
    expect(weighCauses('throttled', CAUSES, [clock])).to.deep.equal(CAUSES)
  })
})
