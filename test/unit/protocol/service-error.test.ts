import { expect } from 'chai'
import fc from 'fast-check'
import type { HttpResponse } from '../../../src/protocol/http-message.js'
import {
  clockSkewMs,
  isInvalidSignature,
  retryAfterMs,
  serviceError,
  serviceFaultOf,
} from '../../../src/protocol/service-error.js'

function answer(
  status: number,
  type?: string,
  message?: string,
  headers: HttpResponse['headers'] = {},
): HttpResponse {
  return {
    status,
    headers: { ...(type === undefined ? {} : { 'x-amzn-errortype': type }), ...headers },
    body: message === undefined ? '' : JSON.stringify({ message }),
  }
}

describe('serviceError', () => {
  for (const [status, type, code] of [
    [403, 'AccessDeniedException', 'ERR_RA_SESSION_DENIED'],
    [403, undefined, 'ERR_RA_SESSION_DENIED'],
    [400, 'ValidationException', 'ERR_RA_REQUEST_REFUSED'],
    [400, 'TooManyTagsException', 'ERR_RA_REQUEST_REFUSED'],
    [400, undefined, 'ERR_RA_REQUEST_REFUSED'],
    [404, 'ResourceNotFoundException', 'ERR_RA_REQUEST_REFUSED'],
    [429, undefined, 'ERR_RA_THROTTLED'],
    [429, 'TooManyRequestsException', 'ERR_RA_THROTTLED'],
    [400, 'ThrottlingException', 'ERR_RA_THROTTLED'],
    [400, 'ThrottledException', 'ERR_RA_THROTTLED'],
    [503, 'SlowDown', 'ERR_RA_THROTTLED'],
    [500, 'InternalFailure', 'ERR_RA_SERVICE_FAILED'],
    [502, undefined, 'ERR_RA_SERVICE_FAILED'],
    [503, undefined, 'ERR_RA_SERVICE_FAILED'],
    [301, undefined, 'ERR_RA_RESPONSE_INVALID'],
    [304, undefined, 'ERR_RA_RESPONSE_INVALID'],
    [404, undefined, 'ERR_RA_RESPONSE_INVALID'],
    [407, undefined, 'ERR_RA_RESPONSE_INVALID'],
    [431, undefined, 'ERR_RA_RESPONSE_INVALID'],
  ] as const) {
    it(`makes ${code} of ${status} ${type ?? 'without a type'}`, () => {
      const error = serviceError(answer(status, type, 'some text'))
      expect(error.code).to.equal(code)
      expect(error.hint).to.be.a('string')
      expect(serviceFaultOf(error)).to.include({ status, type })
    })
  }

  for (const [name, response] of [
    ['the header', answer(400, 'SomeException')],
    ['the header, before a colon', answer(400, 'SomeException:http://internal.example/x#y')],
    ['the header, after a hash', answer(400, 'com.example#SomeException')],
    ['the body, as code', { status: 400, headers: {}, body: '{"code":"SomeException"}' }],
    ['the body, as __type', { status: 400, headers: {}, body: '{"__type":"a.b#SomeException"}' }],
    ['the body, as Code', { status: 400, headers: {}, body: '{"Code":"SomeException"}' }],
    [
      'the body, when the header is nonsense',
      { status: 400, headers: { 'x-amzn-errortype': '<>' }, body: '{"code":"SomeException"}' },
    ],
  ] as const) {
    it(`takes the service's name for the error from ${name}`, () => {
      expect(serviceFaultOf(serviceError(response))?.type).to.equal('SomeException')
    })
  }

  it("passes on the service's text as one bounded line without control characters", () => {
    const text = `one\r\ntwo\u001b[31m\u202e\u2028three ${'x'.repeat(5000)}`
    for (const key of ['message', 'Message']) {
      const response = { status: 403, headers: {}, body: JSON.stringify({ [key]: text }) }
      const error = serviceError(response)
      expect(error.message).to.match(/^CreateSession answered HTTP 403: one two \[31m three x+$/)
      expect(error.message.length).to.be.lessThan(600)
    }
  })

  it('does not read the body of a page that is not an error of the service', () => {
    const html = '<html><body>Blocked by policy</body></html>'
    const error = serviceError({
      status: 403,
      headers: { 'content-type': 'text/html' },
      body: html,
    })
    expect(error.message).to.equal('CreateSession answered HTTP 403')
    expect(serviceFaultOf(error)?.explanation.reason).to.equal('not-from-service')
  })

  it('does not read a body that is longer than an error can be', () => {
    const body = JSON.stringify({ message: 'text', filler: 'x'.repeat(65_536) })
    expect(serviceFaultOf(serviceError({ status: 403, headers: {}, body }))?.message).to.equal(
      undefined,
    )
  })

  it('keeps the request id for support', () => {
    const error = serviceError(answer(500, undefined, undefined, { 'x-amzn-requestid': 'a-1' }))
    expect(serviceFaultOf(error)?.requestId).to.equal('a-1')
  })

  it('makes an error of anything', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        fc.string({ unit: 'binary' }),
        (status, body, type) => {
          const error = serviceError({ status, headers: { 'x-amzn-errortype': type }, body })
          expect(error.message).to.not.match(/\p{Cc}/u)
          expect(error.message.length).to.be.lessThan(800)
        },
      ),
    )
  })
})

describe('isInvalidSignature', () => {
  it('knows the text that also stands for a wrong clock', () => {
    const refused = answer(403, 'AccessDeniedException', 'Invalid signature')
    expect(isInvalidSignature(serviceError(refused))).to.equal(true)
  })

  it('is false for every other refusal and for other errors', () => {
    expect(
      isInvalidSignature(serviceError(answer(403, undefined, 'Certificate revoked'))),
    ).to.equal(false)
    expect(isInvalidSignature(new Error('Invalid signature'))).to.equal(false)
    expect(isInvalidSignature(undefined)).to.equal(false)
  })
})

const at = new Date('2026-01-01T00:00:00Z')

describe('retryAfterMs', () => {
  for (const [value, expected] of [
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['9'.repeat(400), undefined],
    ['2026-01-01T00:00:30Z', undefined],
    ['Xxx, 99 Yyy 2026 00:00:30 GMT', undefined],
    ['', undefined],
  ] as const) {
    it(`reads ${JSON.stringify(value.slice(0, 40))} as ${expected} ms`, () => {
      expect(
        retryAfterMs(answer(503, undefined, undefined, { 'retry-after': value }), at),
      ).to.equal(expected)
    })
  }

  it('says nothing of a date when it is not known when the answer came', () => {
    const date = { 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }
    expect(retryAfterMs(answer(503, undefined, undefined, date))).to.equal(undefined)
  })

  it('rides on the error', () => {
    const response = answer(429, undefined, undefined, { 'retry-after': '7' })
    expect(serviceFaultOf(serviceError(response))?.retryAfterMs).to.equal(7_000)
  })

  it('says nothing without the header', () => {
    expect(retryAfterMs(answer(503), at)).to.equal(undefined)
  })
})

describe('clockSkewMs', () => {
  for (const [date, expected] of [
    ['Thu, 01 Jan 2026 00:30:00 GMT', 1_800_000],
    ['Wed, 31 Dec 2025 23:30:00 GMT', -1_800_000],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 0],
    ['2026-01-01T00:30:00', undefined],
    ['today', undefined],
  ] as const) {
    it(`finds the service ${expected} ms ahead when it says ${date}`, () => {
      expect(clockSkewMs(answer(403, undefined, undefined, { date }), at)).to.equal(expected)
    })
  }

  it('says nothing without the header', () => {
    expect(clockSkewMs(answer(403), at)).to.equal(undefined)
  })
})
