import { expect } from 'chai'
import fc from 'fast-check'
import { connectionLimit, readLimits } from '../../../../sidecar/server/connection-limit.js'

const limits = (soft: number | 'unlimited'): string =>
  [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max processes             95971                95971                processes ',
    `Max open files            ${String(soft).padEnd(20)} 1048576              files     `,
  ].join('\n')

describe('connectionLimit', () => {
  for (const { soft, expected } of [
    { soft: 1_048_576, expected: 4096 },
    { soft: 4224, expected: 4096 },
    { soft: 1024, expected: 896 },
    { soft: 256, expected: 128 },
    { soft: 64, expected: 32 },
    { soft: 0, expected: 1 },
    { soft: 'unlimited', expected: 4096 },
  ] as const) {
    it(`gives clients ${expected} of ${soft} descriptors`, () => {
      expect(connectionLimit(limits(soft))).to.equal(expected)
    })
  }

  it('has a limit where the system does not say', () => {
    expect(connectionLimit(undefined)).to.equal(4096)
    expect(connectionLimit('')).to.equal(4096)
  })

  it('always leaves half of the descriptors or 128, whichever is less, and grows with them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000_000 }), (soft) => {
        const clients = connectionLimit(limits(soft))
        expect(soft - clients).to.be.at.least(Math.min(128, Math.floor(soft / 2)))
        expect(clients).to.be.within(connectionLimit(limits(soft - 1)), 4096)
      }),
    )
  })

  it('reads what Linux says of this process', function () {
    if (process.platform !== 'linux') this.skip()
    expect(readLimits()).to.match(/^Max open files/m)
  })
})
