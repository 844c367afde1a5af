import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import {
  describeKey,
  duration,
  judgeExtendedKeyUsage,
  judgeKey,
  judgeLife,
  judgeSerial,
} from '../../../../src/doctor/judgements/certificate.js'

const CLIENT = '1.3.6.1.5.5.7.3.2'
const SERVER = '1.3.6.1.5.5.7.3.1'
const HOUR = 3_600_000

describe('judgeExtendedKeyUsage', () => {
  for (const [oids, status, message] of [
    [[], 'ok', 'none, which is allowed'],
    [[CLIENT], 'ok', 'clientAuth'],
    [[SERVER, CLIENT], 'ok', 'serverAuth, clientAuth'],
    [['2.5.29.37.0'], 'ok', 'anyExtendedKeyUsage'],
    [[SERVER], 'warning', 'only serverAuth, without clientAuth'],
    [['1.2.3'], 'warning', 'only 1.2.3, without clientAuth'],
  ] as const) {
    it(`calls ${oids.join(' and ') || 'no extension'} ${status}`, () => {
      expect(judgeExtendedKeyUsage(oids)).to.include({ status, message })
    })
  }
})

describe('judgeSerial', () => {
  for (const [hex, status] of [
    ['1000', 'ok'],
    ['00F0', 'ok'],
    ['FF'.repeat(20), 'ok'],
    ['FF'.repeat(21), 'warning'],
    ['00', 'warning'],
    ['0', 'warning'],
  ] as const) {
    it(`calls ${hex} ${status}`, () => {
      expect(judgeSerial(hex).status).to.equal(status)
    })
  }
})

describe('judgeKey', () => {
  const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).publicKey
  const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey

  it('takes RSA from 2048 bits, and the three curves', () => {
    expect(judgeKey('rsa', rsa(2048))).to.include({ status: 'ok', message: 'RSA, 2048 bits' })
    expect(judgeKey('ec', ec('secp384r1'))).to.include({ status: 'ok', message: 'EC, P-384' })
  })

  it('refuses what the service has no use for', () => {
    expect(judgeKey('rsa', rsa(1024)).status).to.equal('failed')
    expect(judgeKey('ec', ec('secp256k1')).status).to.equal('failed')
    const { publicKey } = generateKeyPairSync('ed25519')
    expect(judgeKey('ed25519', publicKey).status).to.equal('failed')
    expect(describeKey(publicKey)).to.equal('ed25519')
  })

  it('takes ML-DSA also where this version of Node does not know it', () => {
    expect(judgeKey('ml-dsa-65', undefined).status).to.equal('ok')
  })
})

describe('judgeLife', () => {
  const notBefore = new Date('2026-01-01T00:00:00Z')
  const notAfter = new Date('2026-01-11T00:00:00Z')
  for (const [hoursLeft, status, words] of [
    [200, 'ok', '8d 8h left'],
    [24.5, 'ok', '1d 30m left'],
    [23, 'warning', 'a tenth of its life'],
    [0.5, 'warning', '30m left, less than one session of 1h'],
    [-1, 'skipped', 'expired'],
  ] as const) {
    it(`calls ${hoursLeft} hours of ten days ${status}`, () => {
      const at = new Date(notAfter.getTime() - hoursLeft * HOUR)
      const finding = judgeLife({ notBefore, notAfter }, at, HOUR)
      expect(finding.status).to.equal(status)
      expect(finding.message).to.contain(words)
    })
  }
})

describe('duration', () => {
  for (const [ms, text] of [
    [0, '0s'],
    [-5, '0s'],
    [59_999, '59s'],
    [HOUR, '1h'],
    [HOUR + 61_000, '1h 1m'],
    [49 * HOUR + 1000, '2d 1h'],
  ] as const) {
    it(`writes ${ms} ms as ${text}`, () => expect(duration(ms)).to.equal(text))
  }
})
