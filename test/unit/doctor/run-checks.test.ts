import { expect } from 'chai'
import { check, type Check, type CheckResult, type World } from '../../../src/doctor/check.js'
import { failed, ok } from '../../../src/doctor/finding.js'
import { runChecks } from '../../../src/doctor/run-checks.js'

/** The engine hands the world on and looks at its signal only. */
const world = (signal = new AbortController().signal): World => ({ signal }) as World

const good = check({
  id: 'settings.good',
  gives: ['addresses'],
  run: () => ({ finding: ok('good'), facts: { addresses: ['127.0.0.1'] } }),
})
const bad = check({
  id: 'files.bad',
  gives: ['connected'],
  run: () => ({ finding: failed('ERR_RA_SETTING_MISSING', 'bad', 'do it') }),
})
const needsGood = check({
  id: 'chain.needs-good',
  needs: ['addresses'],
  run: ({ addresses }) => ({ finding: ok(addresses.join()) }),
})
const needsBad = check({
  id: 'network.needs-bad',
  needs: ['connected'],
  gives: ['secured'],
  run: () => ({ finding: ok('never') }),
})
const needsThat = check({
  id: 'session.needs-that',
  needs: ['secured'],
  run: () => ({ finding: ok('never') }),
})
const online = check({
  id: 'network.online',
  network: true,
  run: () => ({ finding: ok('a connection was made') }),
})
const silent = check({ id: 'files.silent', run: () => ({}) })

const run = async (checks: readonly Check[], offline = false): Promise<readonly string[]> =>
  (await runChecks(checks, world(), { offline })).map(
    ({ id, finding }) => `${id} ${finding.status}: ${finding.message}`,
  )

describe('runChecks', () => {
  it('hands on what a check has learnt', async () => {
    expect(await run([good, needsGood])).to.deep.equal([
      'settings.good ok: good',
      'chain.needs-good ok: 127.0.0.1',
    ])
  })

  it('goes on after a failure wherever that means something, and says whose fault the rest is', async () => {
    expect(await run([bad, needsBad, needsThat, good, needsGood])).to.deep.equal([
      'files.bad failed: bad',
      'network.needs-bad skipped: not checked, because of files.bad',
      'session.needs-that skipped: not checked, because of files.bad',
      'settings.good ok: good',
      'chain.needs-good ok: 127.0.0.1',
    ])
  })

  it('runs no check offline that opens a connection', async () => {
    expect(await run([online], true)).to.deep.equal(['network.online skipped: left out: --offline'])
    expect(await run([online])).to.deep.equal(['network.online ok: a connection was made'])
  })

  it('leaves out what has nothing to say', async () => {
    expect(await run([silent])).to.deep.equal([])
  })

  it('tells of each result as soon as it is there', async () => {
    const seen: string[] = []
    const watching = check({
      id: 'session.watching',
      run: (_known, _world, soFar) => ({ finding: ok(`${seen.length} of ${soFar.length}`) }),
    })
    const onResult = ({ finding }: CheckResult): void => void seen.push(finding.message)
    await runChecks([good, watching], world(), { offline: false, onResult })
    expect(seen).to.deep.equal(['good', '1 of 1'])
  })

  it('ends when it is asked to, without a word about the check that was under way', async () => {
    const ending = new AbortController()
    const results: string[] = []
    const interrupted = check({
      id: 'network.interrupted',
      run: () => {
        ending.abort()
        return { finding: ok('half') }
      },
    })
    const outcome = await runChecks([good, interrupted, needsGood], world(ending.signal), {
      offline: false,
      onResult: ({ id }) => results.push(id),
    }).catch((error: unknown) => error)
    expect(outcome).to.equal(ending.signal.reason)
    expect(results).to.deep.equal(['settings.good'])
  })
})
