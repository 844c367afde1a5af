import { expect } from 'chai'
import fc from 'fast-check'
import { decimalSerial } from '../../../src/protocol/decimal-serial.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('decimalSerial', () => {
  // Pairs published in the tests of envoyproxy/envoy, and one whose top bit is set.
  for (const [hex, decimal] of [
    ['03ec7edc37a757d3f69a309a7d91a516', '5215639076998761095638506031589467414'],
    [
      '3921bce7f3151a4b7fef54efef54c409a5030f3a',
      '326164854566604267642234107702204417305661869882',
    ],
    [
      '3921BCE7F3151A4B7FEF54EFEF54C409A5030F3A',
      '326164854566604267642234107702204417305661869882',
    ],
    ['F0000000000000000000000000000001', '319014718988379809496913694467282698241'],
    ['00F0000000000000000000000000000001', '319014718988379809496913694467282698241'],
    ['1F', '31'],
    ['0', '0'],
  ] as const) {
    it(`writes ${hex} as ${decimal}`, () => {
      expect(decimalSerial(hex)).to.equal(decimal)
    })
  }

  for (const hex of ['', '-01', '0x1f', '1f\n', ' 1f', 'xyz', '1:2', 'f'.repeat(129)]) {
    it(`refuses ${JSON.stringify(hex.slice(0, 10))} of ${hex.length} characters`, () => {
      throwsWithCode(() => decimalSerial(hex), 'ERR_RA_CERTIFICATE_INVALID')
    })
  }

  it('inverts the hexadecimal form of any serial number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }), (serial) => {
        expect(decimalSerial(serial.toString(16))).to.equal(serial.toString())
      }),
    )
  })
})
