import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { DerReader, TAG } from '../../../src/x509/der.js'
import { throwsWithCode } from '../../support/rejects.js'
import { der, integer, oid, sequence } from './der-writer.js'
import { onlyOurErrors } from './only-our-errors.js'

const reader = (bytes: Uint8Array): DerReader =>
  new DerReader(bytes, (problem) => {
    throw new RolesAnywhereError('ERR_RA_KEY_INVALID', problem)
  })

const fromHex = (hex: string): DerReader => reader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('DerReader', () => {
  it('walks nested elements', () => {
    const outer = reader(sequence(integer(5), sequence(oid('1.2.840.113549.1.1.11'))))
    const inside = outer.enter(TAG.sequence)
    expect(inside.count()).to.equal(5)
    expect(inside.enter(TAG.sequence).oid()).to.equal('1.2.840.113549.1.1.11')
    expect(inside.nextTag).to.equal(undefined)
    outer.end()
  })

  it('gives the content and the whole element as views of the input', () => {
    const bytes = Buffer.from('0403aabbcc', 'hex')
    const { content, raw } = reader(bytes).expect(TAG.octetString)
    expect(Buffer.from(content).toString('hex')).to.equal('aabbcc')
    expect(raw.buffer).to.equal(bytes.buffer)
  })

  for (const { dotted } of [
    { dotted: '0.9.2342.19200300.100.1.1' },
    { dotted: '1.2.840.10045.2.1' },
    { dotted: '2.16.840.1.101.3.4.3.17' },
    { dotted: '2.999.1' },
  ]) {
    it(`reads the object identifier ${dotted}`, () => {
      expect(reader(oid(dotted)).oid()).to.equal(dotted)
    })
  }

  for (const { what, hex } of [
    { what: 'an empty input', hex: '' },
    { what: 'a header without a length', hex: '30' },
    { what: 'a length beyond the input', hex: '30 05 00' },
    { what: 'an indefinite length', hex: '30 80 00 00' },
    { what: 'a long form for a short length', hex: '30 81 01 00' },
    { what: 'a length with a leading zero', hex: '30 82 00 81' + '00'.repeat(0x81) },
    { what: 'a length of five octets', hex: '30 85 01 00 00 00 00' },
    { what: 'a multi-byte tag', hex: '3f 81 01 00' },
  ]) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => fromHex(hex).take(), 'ERR_RA_KEY_INVALID')
    })
  }

  for (const { what, action } of [
    { what: 'trailing bytes', action: () => fromHex('0500').end() },
    { what: 'another tag', action: () => fromHex('0500').expect(TAG.sequence) },
    { what: 'a negative count', action: () => fromHex('0201ff').count() },
    { what: 'an integer without octets', action: () => fromHex('0200').count() },
    { what: 'an unfinished object identifier', action: () => fromHex('060281').oid() },
    { what: 'an arc with a leading zero', action: () => fromHex('06032a8001').oid() },
    { what: 'a boolean of two octets', action: () => fromHex('0102ffff').boolean() },
  ]) {
    it(`refuses ${what}`, () => {
      throwsWithCode(action, 'ERR_RA_KEY_INVALID')
    })
  }

  it('counts a huge integer as huge', () => {
    expect(reader(der(0x02, Buffer.alloc(500, 1))).count()).to.equal(2 ** 48)
  })

  it('refuses to go deeper than any structure is', () => {
    let nested: Buffer = Buffer.alloc(0)
    for (let depth = 0; depth < 40; depth++) nested = sequence(nested)
    let entered = 0
    throwsWithCode(() => {
      for (let inside = reader(nested); ; entered++) inside = inside.enter(TAG.sequence)
    }, 'ERR_RA_KEY_INVALID')
    expect(entered).to.equal(32)
  })

  it('meets any bytes with our error or none, and always gets to the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await onlyOurErrors(() => {
          const all = reader(bytes)
          while (all.nextTag !== undefined) all.take()
          all.end()
        })
      }),
    )
  })
})
