import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { commonNameSubject, encodeSubject, parseSubject } from '../../../src/pki/subject.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('parseSubject', () => {
  for (const [text, expected] of [
    ['CN=app', [['CN', 'app']]],
    ['CN=app,OU=team,O=Example', [['CN', 'app'], ['OU', 'team'], ['O', 'Example']]], // prettier-ignore
    ['cn=app, o=Example Ltd ', [['CN', 'app'], ['O', 'Example Ltd']]], // prettier-ignore
    [String.raw`O=Sue\, Grabbit and Runn`, [['O', 'Sue, Grabbit and Runn']]],
    [String.raw`CN=a\2Cb`, [['CN', 'a,b']]],
    [String.raw`CN=Lu\C4\8Di\C4\87`, [['CN', 'Lučić']]],
    [String.raw`CN=\ a\ `, [['CN', ' a ']]],
    ['CN=a=b', [['CN', 'a=b']]],
    ['CN=é,C=DE,DC=example', [['CN', 'é'], ['C', 'DE'], ['DC', 'example']]], // prettier-ignore
  ] as const) {
    it(`reads ${text}`, () => {
      const read = parseSubject(text).map(({ type, value }) => [type, value])
      expect(read).to.deep.equal(expected)
    })
  }

  for (const [text, why] of [
    ['', 'is empty'],
    ['app', 'has no attribute'],
    ['CN=', 'has an empty value'],
    ['CN=a,,O=b', 'has an empty part'],
    ['FOO=a', 'has an unknown attribute'],
    ['toString=a', 'has an attribute that every object has'],
    ['CN=a+OU=b', 'has a part of two attributes'],
    ['CN="a"', 'uses quotation marks'],
    ['CN=#040102', 'has a value in hexadecimal'],
    ['CN=a\\', 'ends in a backslash'],
    [String.raw`CN=\C4`, 'has octets that are not UTF-8'],
    ['CN=a\nb', 'has a line break'],
    ['C=DEU', 'has a country of three letters'],
    ['DC=é', 'has a domain component that is not ASCII'],
    [`CN=${'a'.repeat(65)}`, 'has a value that is too long'],
    [`CN=${'a'.repeat(5000)}`, 'is too long'],
  ] as const) {
    it(`refuses a subject that ${why}`, () => {
      throwsWithCode(() => parseSubject(text), 'ERR_RA_ARGUMENT_INVALID')
    })
  }

  it('reads any value whose special characters are escaped', () => {
    const escape = (value: string): string =>
      value.replace(/[\\,+"<>;=]|^[# ]| $/gu, (character) => `\\${character}`)
    const printable = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter((value) => value.trim() !== '' && [...value].length < 60 && !/\p{C}/u.test(value))
    const attribute = fc.record({
      type: fc.constantFrom('CN', 'OU', 'O', 'L', 'ST'),
      value: printable,
    })
    fc.assert(
      fc.property(fc.array(attribute, { minLength: 1, maxLength: 5 }), (attributes) => {
        const text = attributes.map(({ type, value }) => `${type}=${escape(value)}`).join(',')
        expect(parseSubject(text)).to.deep.equal(attributes)
      }),
    )
  })

  it('throws nothing but its own error, whatever it reads', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 2000 }),
      fc.string({ unit: fc.constantFrom('C', 'N', '=', ',', '\\', '2', 'c', ' ', '+', '"') }),
    )
    fc.assert(
      fc.property(text, (input) => {
        try {
          encodeSubject(parseSubject(input))
        } catch (error) {
          expect(error).to.be.instanceOf(RolesAnywhereError)
        }
      }),
    )
  })
})

describe('encodeSubject', () => {
  it('ends with the most specific attribute, which the text begins with', () => {
    const name = encodeSubject(parseSubject('CN=app,OU=team,O=Example'))
    expect(name.toString()).to.equal('O=Example, OU=team, CN=app')
  })
})

describe('commonNameSubject', () => {
  it('takes the name as it is', () => {
    expect(commonNameSubject('a, b=#"c"')).to.deep.equal([{ type: 'CN', value: 'a, b=#"c"' }])
  })
})
