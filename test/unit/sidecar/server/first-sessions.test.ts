import { expect } from 'chai'
import { firstSessions } from '../../../../sidecar/server/first-sessions.js'
import { type ErrorCode, RolesAnywhereError } from '../../../../src/errors.js'
import { keepSession, type ObtainedSession, type SessionKeeper } from '../../../../src/index.js'
import { silentLogger } from '../../../../src/log.js'
import { ManualClock } from '../../../support/manual-clock.js'
import { rejectsWithCode } from '../../../support/rejects.js'
import { sessionUntil } from '../../../support/sessions.js'

const failing = (code: ErrorCode) => async (): Promise<ObtainedSession> =>
  Promise.reject(new RolesAnywhereError(code, 'a failure'))

describe('firstSessions', () => {
  let clock: ManualClock
  let interrupt: AbortController
  let keepers: Map<string, SessionKeeper>
  let warnings: number

  beforeEach(() => {
    clock = new ManualClock()
    interrupt = new AbortController()
    keepers = new Map()
    warnings = 0
  })
  afterEach(async () => {
    await Promise.all([...keepers.values()].map(async (keeper) => keeper.stop()))
    expect(clock.sleeping, 'timers left behind').to.equal(0)
  })

  const granted = async (): Promise<ObtainedSession> =>
    sessionUntil(new Date(clock.now().getTime() + 3_600_000))

  /** Random is 1, so that the n-th wait takes 2^(n-1) seconds. */
  function keep(name: string, ...script: (() => Promise<ObtainedSession>)[]): void {
    const fetch = async (): Promise<ObtainedSession> => (script.shift() ?? granted)()
    keepers.set(name, keepSession(fetch, { clock, random: () => 1, log: silentLogger }))
  }

  const log = { ...silentLogger, warn: () => void warnings++ }
  const wait = async (limitMs: number): Promise<void> =>
    firstSessions(keepers, { clock, log, signal: interrupt.signal, limitMs })

  it('waits for every role, through failures that pass', async () => {
    keep('', granted)
    keep('reports', failing('ERR_RA_ENDPOINT_UNREACHABLE'), failing('ERR_RA_THROTTLED'))
    const waited = wait(30_000)
    await clock.advance(1_000)
    expect(keepers.get('reports')?.current()).to.equal(undefined)
    await clock.advance(10_100)
    await waited
    expect(keepers.get('reports')?.current()).to.not.equal(undefined)
    expect(warnings).to.equal(2)
  })

  for (const code of [
    'ERR_RA_SESSION_DENIED',
    'ERR_RA_CERTIFICATE_EXPIRED',
    'ERR_RA_CA_BUNDLE_INVALID',
    'ERR_RA_TLS_FAILED',
  ] as const) {
    it(`gives up at once on ${code}, also after a failure that passed`, async () => {
      keep('', failing('ERR_RA_SERVICE_FAILED'), failing(code))
      const rejected = rejectsWithCode(wait(600_000), code)
      await clock.advance(1_100)
      await rejected
    })
  }

  it('makes one attempt when there is no time for another', async () => {
    keep('', failing('ERR_RA_SESSION_TIMEOUT'))
    await rejectsWithCode(wait(0), 'ERR_RA_SESSION_TIMEOUT')
    expect(warnings).to.equal(0)
  })

  it('does not wait for an attempt that would come too late', async () => {
    keep('', failing('ERR_RA_THROTTLED'))
    await rejectsWithCode(wait(4_900), 'ERR_RA_THROTTLED')
    expect(clock.monotonicMs()).to.equal(0)
  })

  it('ends in the middle of an attempt when time is over, with the failure before it', async () => {
    let answer = (_session: ObtainedSession): void => {}
    const hanging = async (): Promise<ObtainedSession> =>
      new Promise((resolve) => (answer = resolve))
    keep('', failing('ERR_RA_SERVICE_FAILED'), hanging)
    const rejected = rejectsWithCode(wait(5_000), 'ERR_RA_SERVICE_FAILED')
    await clock.advance(5_000)
    await rejected
    answer(await granted())
  })

  it('says a failure once, also when the next attempt begins later than it should', async () => {
    keep('', failing('ERR_RA_SERVICE_FAILED'))
    const keeper = keepers.get('')!
    await clock.advance(0)
    // As when the timer of the keeper is late: it goes on saying that the attempt is due.
    const [failure, status] = [keeper.lastFailure(), keeper.status()]
    let late = true
    keepers.set('', {
      ...keeper,
      status: () => (late ? status : keeper.status()),
      obtained: async () => (late ? Promise.reject(failure) : keeper.obtained()),
    })
    const waited = wait(30_000)
    await clock.advance(1_500)
    late = false
    await clock.advance(100)
    await waited
    expect(warnings).to.equal(1)
  })

  it('ends when it is told to', async () => {
    keep('', failing('ERR_RA_SERVICE_FAILED'))
    const waited = wait(30_000)
    await clock.advance(100)
    interrupt.abort()
    await waited
  })
})
