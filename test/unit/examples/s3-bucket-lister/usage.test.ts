import { expect } from 'chai'
import { parseUsage, UsageError } from '../../../../examples/s3-bucket-lister/src/usage.js'

const none = { help: false, json: false, watchSeconds: undefined }

describe('the arguments of s3-bucket-lister', () => {
  for (const [args, expected] of [
    [[], none],
    [['--help'], { ...none, help: true }],
    [['-h'], { ...none, help: true }],
    [['--json'], { ...none, json: true }],
    [['--watch'], { ...none, watchSeconds: 10 }],
    [['--watch', '5'], { ...none, watchSeconds: 5 }],
    [['--watch=5'], { ...none, watchSeconds: 5 }],
    [['--watch', '--json'], { ...none, json: true, watchSeconds: 10 }],
  ] as const) {
    it(`reads "${args.join(' ')}"`, () => {
      expect(parseUsage(args)).to.deep.equal(expected)
    })
  }

  for (const args of [
    ['--watch', '0'],
    ['--watch', 'soon'],
    ['--watch='],
    ['--watch', '-1'],
    ['--watch', '86401'],
    ['bucket'],
    ['--colour'],
  ]) {
    it(`refuses "${args.join(' ')}"`, () => {
      expect(() => parseUsage(args)).to.throw(UsageError)
    })
  }
})
