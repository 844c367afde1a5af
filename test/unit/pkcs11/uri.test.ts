import { expect } from 'chai'
import fc from 'fast-check'
import { isPkcs11Uri, parsePkcs11Uri } from '../../../src/pkcs11/uri.js'
import { throwsWithCode } from '../../support/rejects.js'

describe('parsePkcs11Uri', () => {
  it('reads every attribute of RFC 7512', () => {
    const text =
      'pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;' +
      'serial=1;model=1.0;library-manufacturer=Snake;library-description=Soft;library-version=2.40;' +
      'slot-manufacturer=S;slot-description=Slot%200;slot-id=327;object=my-key;type=private;id=%69%95%00' +
      '?pin-source=file:/etc/token_pin&module-path=/lib/p11.so&module-name=p11'
    const { name, ...uri } = parsePkcs11Uri(text)
    expect(uri).to.deep.equal({
      token: 'The Software PKCS#11 Softtoken',
      manufacturer: 'Snake Oil, Inc.',
      serial: '1',
      model: '1.0',
      libraryManufacturer: 'Snake',
      libraryDescription: 'Soft',
      libraryVersion: '2.40',
      slotManufacturer: 'S',
      slotDescription: 'Slot 0',
      slotId: 327,
      object: 'my-key',
      type: 'private',
      id: Buffer.from('699500', 'hex'),
      pinSource: '/etc/token_pin',
      modulePath: '/lib/p11.so',
    })
    expect(name).to.contain('object=my-key').and.not.contain('pin')
  })

  it('means everything when it says nothing', () => {
    expect(parsePkcs11Uri('pkcs11:')).to.deep.equal({ name: 'pkcs11:' })
  })

  for (const [source, path] of [
    ['file:/a/b', '/a/b'],
    ['file:///a/b', '/a/b'],
    ['/a%20b', '/a b'],
    ['pin.txt', 'pin.txt'],
  ]) {
    it(`takes the pin-source ${source}`, () => {
      expect(parsePkcs11Uri(`pkcs11:?pin-source=${source}`).pinSource).to.equal(path)
    })
  }

  for (const [what, text] of [
    ['an unknown attribute, which would match nothing', 'pkcs11:color=red'],
    ['an attribute twice', 'pkcs11:token=a;token=b'],
    ['a part without a value', 'pkcs11:token'],
    ['a broken percent-encoding', 'pkcs11:token=%4'],
    ['text that is not UTF-8', 'pkcs11:object=%ff'],
    ['a type that there is not', 'pkcs11:type=key'],
    ['a slot that is no number', 'pkcs11:slot-id=one'],
    ['a pin-source that is a command', 'pkcs11:?pin-source=|cat'],
    ['a pin-source on the network', 'pkcs11:?pin-source=https://example.com/pin'],
    ['more than any URI needs', `pkcs11:token=${'a'.repeat(5000)}`],
  ] as const) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => parsePkcs11Uri(text), 'ERR_RA_PKCS11_URI_INVALID')
    })
  }

  it('refuses a PIN in the URI without repeating it', () => {
    const error = throwsWithCode(
      () => parsePkcs11Uri('pkcs11:token=a?pin-value=13579'),
      'ERR_RA_PKCS11_URI_INVALID',
    )
    expect(`${error.message} ${error.hint}`)
      .to.contain('--pkcs11-pin-file')
      .and.not.contain('13579')
  })

  it('reads back what was encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.uint8Array(), (label, id) => {
        const hex = Buffer.from(id).toString('hex').replace(/../g, '%$&')
        const { object, id: read } = parsePkcs11Uri(
          `pkcs11:object=${encodeURIComponent(label)};id=${hex}`,
        )
        expect(object).to.equal(label)
        expect(read).to.deep.equal(Buffer.from(id))
      }),
    )
  })
})

describe('isPkcs11Uri', () => {
  it('knows the scheme, and takes nothing else for it', () => {
    expect(
      ['pkcs11:', 'PKCS11:token=a', './pkcs11:a', 'pkcs11', '/pkcs11:'].map(isPkcs11Uri),
    ).to.deep.equal([true, true, false, false, false])
  })
})
