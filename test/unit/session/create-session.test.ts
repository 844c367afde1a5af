import { expect } from 'chai'
import { RolesAnywhereError } from '../../../src/errors.js'
import type { HttpRequest, HttpResponse } from '../../../src/protocol/http-message.js'
import {
  createSession,
  type CreateSessionTarget,
  type Retries,
} from '../../../src/session/create-session.js'
import type { Send } from '../../../src/session/http-client.js'
import { sessionAnswer, SIGNER, TARGET } from '../../support/create-session-call.js'
import { ManualClock, settle } from '../../support/manual-clock.js'
import { rejectsWithCode } from '../../support/rejects.js'

describe('createSession', () => {
  let clock: ManualClock
  let sent: HttpRequest[]

  beforeEach(() => {
    clock = new ManualClock('2026-03-01T12:00:00Z')
    sent = []
  })

  type Answer = () => HttpResponse | Promise<HttpResponse>
  const ok = (): HttpResponse => sessionAnswer(new Date('2026-03-01T18:00:00Z'))
  const refusal =
    (status: number, type: string, message = '', headers = {}) =>
    (): HttpResponse => ({
      status,
      headers: { 'x-amzn-errortype': type, ...headers },
      body: JSON.stringify({ message }),
    })
  const unreachable = (): never => {
    throw new RolesAnywhereError('ERR_RA_ENDPOINT_UNREACHABLE', 'refused')
  }
  const hanging = (signal: AbortSignal): Promise<HttpResponse> =>
    new Promise((_resolve, reject) => {
      const abort = (): void => reject(new DOMException('aborted', 'AbortError'))
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort)
    })

  const call = (answers: readonly Answer[], more: Partial<CreateSessionTarget> = {}) => {
    const left = [...answers]
    const send: Send = async (request, signal) => {
      sent.push(request)
      return left.length > 0 ? left.shift()!() : hanging(signal)
    }
    return createSession(SIGNER, { ...TARGET, ...more }, { send, clock, random: () => 0.99 })
  }

  it('returns the session of the first good answer', async () => {
    const session = await call([ok])
    expect(session.credentials.accessKeyId).to.equal('ASIA1')
    expect(session.clockOffsetMs).to.equal(0)
    expect(session.source).to.equal('rolesanywhere.eu-central-1.amazonaws.com')
    expect(clock.sleeping, 'timers left behind').to.equal(0)
  })

  for (const { name, answer } of [
    { name: 'a connection that breaks', answer: unreachable },
    { name: 'throttling', answer: refusal(429, 'ThrottlingException') },
    { name: 'a server error', answer: refusal(500, 'InternalServerException') },
    {
      name: 'an answer that makes no sense',
      answer: () => ({ status: 200, headers: {}, body: '{' }),
    },
  ]) {
    it(`tries again after ${name}, signing anew`, async () => {
      const pending = call([answer, answer, ok])
      await clock.advance(5_000)
      expect((await pending).credentials.accessKeyId).to.equal('ASIA1')
      expect(sent).to.have.length(3)
      const dates = sent.map(({ headers }) => headers['x-amz-date'])
      expect(new Set(dates).size, 'each attempt has a date of its own').to.be.greaterThan(1)
    })
  }

  it('gives up after three attempts with the last failure', async () => {
    const pending = rejectsWithCode(
      call([unreachable, unreachable, refusal(503, 'ServiceUnavailable')]),
      'ERR_RA_SERVICE_FAILED',
    )
    await clock.advance(9_000)
    await pending
    expect(sent).to.have.length(3)
  })

  describe('for a caller that has a back-off of its own', () => {
    const throttled = refusal(429, 'ThrottlingException')
    const asked = (answers: readonly Answer[], retries: () => Retries) =>
      createSession(SIGNER, TARGET, {
        send: async (request, signal) => {
          sent.push(request)
          return answers[sent.length - 1]?.() ?? hanging(signal)
        },
        clock,
        random: () => 0.99,
        retries,
      })

    it('rides out a broken connection, and ends when it is throttled', async () => {
      const pending = rejectsWithCode(
        asked([unreachable, throttled], () => 'untilThrottled'),
        'ERR_RA_THROTTLED',
      )
      await clock.advance(5_000)
      await pending
      expect(sent).to.have.length(2)
    })

    for (const { what, answer } of [
      { what: 'there is no connection', answer: unreachable },
      { what: 'it is throttled', answer: throttled },
      { what: 'the service fails', answer: refusal(500, 'InternalServerException') },
    ]) {
      it(`asks once when ${what}`, async () => {
        const error = await asked([answer], () => 'afterHanging').catch((thrown: unknown) => thrown)
        expect(error).to.be.instanceOf(RolesAnywhereError)
        expect(sent).to.have.length(1)
      })
    }

    it('asks again when nobody answered: that was pause enough', async () => {
      const late = async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
        sent.push(request)
        return sent.length === 1 ? hanging(signal) : ok()
      }
      const retries = (): Retries => 'afterHanging'
      const deps = { send: late, clock, random: () => 0, retries }
      const pending = createSession(SIGNER, TARGET, deps)
      await clock.advance(5_000)
      expect((await pending).credentials.accessKeyId).to.equal('ASIA1')
      expect(sent).to.have.length(2)
    })

    it('goes on for somebody who comes to wait for it meanwhile', async () => {
      let retries: Retries = 'untilThrottled'
      const waitedFor: Answer = () => {
        retries = 'all'
        return throttled()
      }
      const pending = asked([waitedFor, ok], () => retries)
      await clock.advance(5_000)
      expect((await pending).credentials.accessKeyId).to.equal('ASIA1')
    })

    it('signs with the time of the service all the same', async () => {
      const date = new Date(clock.now().getTime() + 3_600_000).toUTCString()
      const skewed = refusal(403, 'AccessDeniedException', 'Invalid signature', { date })
      expect((await asked([skewed, ok], () => 'afterHanging')).clockOffsetMs).to.equal(3_600_000)
    })
  })

  it('asks once when the service refuses', async () => {
    await rejectsWithCode(
      call([refusal(403, 'AccessDeniedException', 'Unable to assume role')]),
      'ERR_RA_SESSION_DENIED',
    )
    expect(sent).to.have.length(1)
  })

  it('waits as long as Retry-After says', async () => {
    const pending = call([refusal(429, 'ThrottlingException', '', { 'retry-after': '3' }), ok])
    await clock.advance(2_999)
    expect(sent).to.have.length(1)
    await clock.advance(1)
    await pending
    expect(sent).to.have.length(2)
  })

  it('does not wait for a Retry-After beyond the deadline', async () => {
    await rejectsWithCode(
      call([refusal(429, 'ThrottlingException', '', { 'retry-after': '60' }), ok]),
      'ERR_RA_THROTTLED',
    )
  })

  it('leaves a hanging connection in time for another attempt', async () => {
    let first = true
    const send: Send = async (request, signal) => {
      sent.push(request)
      if (!first) return ok()
      first = false
      return hanging(signal)
    }
    const pending = createSession(SIGNER, TARGET, { send, clock, random: () => 0 })
    await clock.advance(5_000)
    expect((await pending).credentials.accessKeyId).to.equal('ASIA1')
  })

  it('ends at the deadline when nothing ever answers', async () => {
    const pending = rejectsWithCode(call([]), 'ERR_RA_SESSION_TIMEOUT')
    await clock.advance(10_000)
    await pending
    expect(clock.sleeping, 'timers left behind').to.equal(0)
  })

  describe('when the clocks differ', () => {
    const dated = (ms: number) =>
      refusal(403, 'AccessDeniedException', 'Invalid signature', {
        date: new Date(clock.now().getTime() + ms).toUTCString(),
      })

    it('signs once more with the time of the service', async () => {
      const session = await call([dated(3_600_000), ok])
      expect(sent.map(({ headers }) => headers['x-amz-date'])).to.deep.equal([
        '20260301T120000Z',
        '20260301T130000Z',
      ])
      expect(session.clockOffsetMs).to.equal(3_600_000)
    })

    it('blames the clock when that does not help', async () => {
      const error = await rejectsWithCode(
        call([dated(-3_600_000), dated(-3_600_000)]),
        'ERR_RA_CLOCK_SKEW',
      )
      expect(error.message).to.contain('3600 s ahead of')
      expect(sent).to.have.length(2)
    })

    it('blames the signature when they agree', async () => {
      await rejectsWithCode(call([dated(2_000)]), 'ERR_RA_SESSION_DENIED')
      expect(sent).to.have.length(1)
    })
  })

  it("ends at once with the caller's reason when the caller gives up", async () => {
    const giveUp = new AbortController()
    const send: Send = async (_request, signal) => hanging(signal)
    const pending = createSession(SIGNER, TARGET, {
      send,
      clock,
      random: () => 0,
      signal: giveUp.signal,
    })
    const reason = new Error('no longer needed')
    giveUp.abort(reason)
    const outcome = await pending.catch((error: unknown) => error)
    expect(outcome).to.equal(reason)
    await settle()
    expect(clock.sleeping, 'timers left behind').to.equal(0)
  })
})
