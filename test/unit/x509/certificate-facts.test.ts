import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { certificateFacts } from '../../../src/x509/certificate-facts.js'
import { readCert } from '../../support/certs.js'
import { throwsWithCode } from '../../support/rejects.js'
import { mutated, onlyOurErrors } from './only-our-errors.js'

/** Only the DER of a certificate is read, so a test may give bytes that Node would refuse. */
const withRaw = (raw: Uint8Array): X509Certificate =>
  Object.create(X509Certificate.prototype, { raw: { value: raw } }) as X509Certificate

const good = readCert('ec-p256.der')

/** The good certificate with one short run of octets replaced by another of the same length. */
function replaced(from: string, to: string): X509Certificate {
  const hex = good.toString('hex')
  expect(hex.split(from), 'occurs once').to.have.length(2)
  return withRaw(Buffer.from(hex.replace(from, to), 'hex'))
}

const utcTime = (text: string): string => `170d${Buffer.from(text).toString('hex')}`

describe('certificateFacts', () => {
  it('reads dates before and after 2050', () => {
    const { notBefore, notAfter } = certificateFacts(new X509Certificate(good))
    expect(notBefore.toISOString()).to.equal('2020-01-01T00:00:00.000Z')
    expect(notAfter.toISOString()).to.equal('2120-01-01T00:00:00.000Z')
  })

  it('takes a year of two digits above 49 for one of the twentieth century', () => {
    const certificate = replaced(utcTime('200101000000Z'), utcTime('990101000000Z'))
    expect(certificateFacts(certificate).notBefore.toISOString()).to.equal(
      '1999-01-01T00:00:00.000Z',
    )
  })

  it('renders a subject on one line, with what is special escaped', () => {
    const { subject } = certificateFacts(new X509Certificate(readCert('subject-unicode.pem')))
    expect(subject).to.equal('CN=Zoë\\, «Ünïté» #1,O=Example,C=DE')
  })

  it('lets no control character out of a subject', () => {
    const name = Buffer.from('ec-p256').toString('hex')
    const certificate = replaced(`0c07${name}`, '0c071b5b316d0a6869')
    expect(certificateFacts(certificate).subject).to.equal('CN=\\1B[1m\\0Ahi,O=Example,C=DE')
  })

  it('names an unknown attribute by its object identifier', () => {
    const certificate = replaced('06035504030c0765632d', '06035504100c0765632d')
    expect(certificateFacts(certificate).subject).to.match(/^2\.5\.4\.16=/)
  })

  it('does not count an unknown signature algorithm as strong', () => {
    const hex = good.toString('hex').replaceAll('2a8648ce3d040302', '2a8648ce3d04037f')
    const { signatureHash } = certificateFacts(withRaw(Buffer.from(hex, 'hex')))
    expect(signatureHash).to.deep.equal({ name: '1.2.840.10045.4.3.127', strong: false })
  })

  for (const { what, certificate } of [
    {
      what: 'a date that is none',
      certificate: replaced(utcTime('200101000000Z'), utcTime('201301000000Z')),
    },
    {
      what: 'a date without its zone',
      certificate: replaced(utcTime('200101000000Z'), utcTime('2001010000000')),
    },
    {
      what: 'a negative serial number',
      certificate: replaced('a00302010202021003', 'a00302010202029003'),
    },
    { what: 'trailing bytes', certificate: withRaw(Buffer.concat([good, Buffer.alloc(1)])) },
    { what: 'a certificate cut short', certificate: withRaw(good.subarray(0, 200)) },
    { what: 'the same extension twice', certificate: replaced('0603551d0e', '0603551d25') },
  ]) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => certificateFacts(certificate), 'ERR_RA_CERTIFICATE_INVALID')
    })
  }

  it('meets any change to a good certificate with our error or none', async () => {
    await fc.assert(
      fc.asyncProperty(mutated(good), async (raw) =>
        onlyOurErrors(() => certificateFacts(withRaw(raw))),
      ),
      { numRuns: 500 },
    )
  })
})
