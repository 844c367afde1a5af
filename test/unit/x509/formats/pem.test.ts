import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../../src/errors.js'
import { type PemBlock, readPem } from '../../../../src/x509/formats/pem.js'
import { readCert } from '../../../support/certs.js'
import { throwsWithCode } from '../../../support/rejects.js'
import { mutated, onlyOurErrors } from '../only-our-errors.js'

const read = (text: string): PemBlock[] =>
  readPem(text, (problem) => {
    throw new RolesAnywhereError('ERR_RA_CERTIFICATE_UNREADABLE', problem)
  })

const BLOCK = '-----BEGIN CERTIFICATE-----\nAAEC\nAw==\n-----END CERTIFICATE-----\n'

describe('readPem', () => {
  for (const { what, text } of [
    { what: 'as OpenSSL writes it', text: BLOCK },
    { what: 'with CRLF', text: BLOCK.replaceAll('\n', '\r\n') },
    { what: 'with a byte order mark', text: `\u00ef\u00bb\u00bf${BLOCK}` },
    { what: 'without the last newline', text: BLOCK.trimEnd() },
    { what: 'indented', text: BLOCK.replaceAll(/^/gm, '    ') },
    { what: 'with blank lines and trailing spaces', text: BLOCK.replaceAll('\n', '  \n\n') },
    { what: 'on one line', text: BLOCK.replaceAll('\n', ' ') },
    { what: 'with line breaks written as two characters', text: BLOCK.replaceAll('\n', '\\n') },
    { what: 'with CRLF written out', text: BLOCK.replaceAll('\n', '\\r\\n') },
    { what: 'after other text', text: `Bag Attributes\n    key: value: ----\n${BLOCK}` },
    { what: 'before other text', text: `${BLOCK}subject=CN = x\n` },
  ]) {
    it(`reads a block ${what}`, () => {
      const [block, ...more] = read(text)
      expect(more).to.deep.equal([])
      expect(block!.label).to.equal('CERTIFICATE')
      expect(Buffer.from(block!.der).toString('hex')).to.equal('00010203')
    })
  }

  it('reads several blocks in order', () => {
    const labels = read(BLOCK + BLOCK.replaceAll('CERTIFICATE', 'EC PRIVATE KEY')).map(
      (block) => block.label,
    )
    expect(labels).to.deep.equal(['CERTIFICATE', 'EC PRIVATE KEY'])
  })

  it('reads headers', () => {
    const text = BLOCK.replace('AAEC', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAEC')
    const [block] = read(text)
    expect(block!.headers.get('proc-type')).to.equal('4,ENCRYPTED')
    expect(block!.headers.get('dek-info')).to.equal('DES-EDE3-CBC,00')
    expect(block!.der).to.have.length(4)
  })

  for (const { what, text } of [
    { what: 'no END line', text: BLOCK.slice(0, 40) },
    { what: 'an END line with another label', text: BLOCK.replace('END CERT', 'END CART') },
    { what: 'a second BEGIN before the END', text: BLOCK.slice(0, 33) + BLOCK },
    { what: 'a BEGIN line that does not end', text: '-----BEGIN CERTIFICATE' },
    { what: 'nothing inside', text: BLOCK.replace('AAEC\nAw==\n', '') },
    { what: 'characters that are not base64', text: BLOCK.replace('AAEC', 'A?EC') },
    { what: 'base64 of the wrong length', text: BLOCK.replace('Aw==', 'Aw=') },
    { what: 'a hundred and first block', text: BLOCK.repeat(101) },
  ]) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => read(text), 'ERR_RA_CERTIFICATE_UNREADABLE')
    })
  }

  it('meets any text with our error or none', async () => {
    const pieces = fc.constantFrom(
      '-----BEGIN ',
      '-----END ',
      'CERTIFICATE',
      '-----',
      '\n',
      'AAEC',
      ':',
    )
    const text = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(text, async (parts) => onlyOurErrors(() => read(parts.join('')))),
    )
  })

  it('meets any change to a good file with our error or none', async () => {
    await fc.assert(
      fc.asyncProperty(mutated(readCert('chain.full.pem')), async (bytes) =>
        onlyOurErrors(() => read(bytes.toString('latin1'))),
      ),
    )
  })
})
