import { expect } from 'chai'
import { describeFailure } from '../../../../examples/s3-bucket-lister/src/failure.js'
import { UsageError } from '../../../../examples/s3-bucket-lister/src/usage.js'

const error = (name: string, more: object = {}): Error =>
  Object.assign(new Error('SECRET'), { name, ...more })

const refused = Object.assign(new Error('SECRET'), { code: 'ECONNREFUSED' })

describe('what a failure of s3-bucket-lister means', () => {
  for (const [why, thrown, status] of [
    ['wrong usage', new UsageError('unknown argument'), 2],
    ['no credentials', error('CredentialsProviderError'), 3],
    [
      'no credentials, because nothing listens',
      error('CredentialsProviderError', { cause: refused }),
      3,
    ],
    ['a denied request', error('AccessDenied'), 5],
    ['an expired session', error('ExpiredToken'), 5],
    ['a wrong clock', error('RequestTimeTooSkewed'), 5],
    ['unknown keys', error('InvalidClientTokenId'), 5],
    ['any other 403', error('Odd', { $metadata: { httpStatusCode: 403 } }), 5],
    ['a refused connection', refused, 6],
    ['refused connections to each address', new AggregateError([refused, refused]), 6],
    ['an unknown host', error('Error', { code: 'ENOTFOUND' }), 6],
    ['a certificate nobody knows', error('Error', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 6],
    ['a timeout', error('TimeoutError'), 6],
    ['throttling', error('SlowDown'), 6],
    ['any other 5xx', error('Odd', { $metadata: { httpStatusCode: 503 } }), 6],
    ['anything else', error('Odd'), 1],
    ['a thrown string', 'SECRET', 1],
    ['nothing at all', undefined, 1],
  ] as const) {
    it(`ends with ${status} for ${why}, and repeats nothing of it`, () => {
      const failure = describeFailure(thrown)
      expect(failure.status).to.equal(status)
      expect(failure.hint).to.not.equal('')
      expect(JSON.stringify(failure)).to.not.include('SECRET')
    })
  }

  it('ends on an error that is its own cause', () => {
    const circular = error('Odd')
    circular.cause = circular
    expect(describeFailure(circular).status).to.equal(1)
  })
})
