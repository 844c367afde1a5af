import type { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { altName } from '../../../src/pki/alt-names.js'
import {
  createIntermediate,
  createRoot,
  issueCertificate,
  type CertifiedKey,
} from '../../../src/pki/certificate.js'
import { KEY_TYPES } from '../../../src/pki/key-types.js'
import { newSerialNumber, systemRandomness } from '../../../src/pki/randomness.js'
import { parseSubject } from '../../../src/pki/subject.js'
import { LibraryCertificate } from '../../../src/pki/x509-library.js'
import { rejectsWithCode } from '../../support/rejects.js'

const validity = {
  notBefore: new Date('2026-01-01T00:00:00.999Z'),
  notAfter: new Date('2036-01-01T00:00:00Z'),
}
const subject = parseSubject('CN=app,OU=team,O=Example')

const extensionOids = (certificate: X509Certificate): string[] =>
  new LibraryCertificate(certificate.raw).extensions.map(({ type }) => type)

const isCritical = (certificate: X509Certificate, oid: string): boolean | undefined =>
  new LibraryCertificate(certificate.raw).getExtension(oid)?.critical

const KEY_USAGE = '2.5.29.15'
const BASIC_CONSTRAINTS = '2.5.29.19'

/** DER of an extension's value. */
const valueOf = (certificate: X509Certificate, oid: string): string =>
  Buffer.from(new LibraryCertificate(certificate.raw).getExtension(oid)!.value).toString('hex')

describe('the certificates of the development CA', () => {
  let root: CertifiedKey
  before(async () => {
    root = await createRoot({ commonName: 'Root', ...validity })
  })

  describe('a root', () => {
    it('is a self-signed CA without a path length', () => {
      const { certificate, privateKey } = root
      expect(certificate.ca).to.equal(true)
      expect(certificate.verify(certificate.publicKey)).to.equal(true)
      expect(certificate.checkIssued(certificate)).to.equal(true)
      expect(certificate.checkPrivateKey(privateKey)).to.equal(true)
      expect(valueOf(certificate, BASIC_CONSTRAINTS)).to.equal('30030101ff')
    })

    it('may sign certificates and revocation lists, and nothing else', () => {
      expect(valueOf(root.certificate, KEY_USAGE)).to.equal('03020106')
      expect(isCritical(root.certificate, KEY_USAGE)).to.equal(true)
      expect(isCritical(root.certificate, BASIC_CONSTRAINTS)).to.equal(true)
    })

    it('is valid in whole seconds', () => {
      expect(root.certificate.validFrom).to.equal('Jan  1 00:00:00 2026 GMT')
      expect(root.certificate.validTo).to.equal('Jan  1 00:00:00 2036 GMT')
    })

    it('can end after 2049, where the encoding of time changes', async () => {
      const notAfter = new Date('2060-01-01T00:00:00.500Z')
      const { certificate } = await createRoot({ commonName: 'Root', ...validity, notAfter })
      expect(certificate.validTo).to.equal('Jan  1 00:00:00 2060 GMT')
    })

    for (const [why, notAfter] of [
      ['ends when it begins', validity.notBefore],
      ['ends after the year 9999', new Date('+010000-01-01T00:00:00Z')],
      ['never ends', new Date(Number.NaN)],
    ] as const) {
      it(`is refused when it ${why}`, async () => {
        const params = { commonName: 'Root', ...validity, notAfter }
        await rejectsWithCode(createRoot(params), 'ERR_RA_ARGUMENT_INVALID')
      })
    }
  })

  describe('an end-entity certificate', () => {
    for (const keyType of KEY_TYPES) {
      it(`has a key of type ${keyType}, and is verified by an issuer of that type`, async function () {
        this.timeout(60_000)
        const issuer = await createRoot({ commonName: 'Root', keyType, ...validity })
        const leaf = await issueCertificate({ issuer, subject, keyType, ...validity })
        expect(leaf.certificate.checkPrivateKey(leaf.privateKey)).to.equal(true)
        expect(leaf.certificate.checkIssued(issuer.certificate)).to.equal(true)
        expect(leaf.certificate.verify(issuer.certificate.publicKey)).to.equal(true)
        const hash = keyType === 'ec-p384' ? 'SHA-384' : 'SHA-256'
        const { signatureAlgorithm } = new LibraryCertificate(leaf.certificate.raw)
        expect(signatureAlgorithm.hash.name).to.equal(hash)
      })
    }

    it('meets the rules of the service', async () => {
      const { certificate } = await issueCertificate({ issuer: root, subject, ...validity })
      expect(certificate.ca).to.equal(false)
      expect(certificate.subject).to.equal('O=Example\nOU=team\nCN=app')
      expect(valueOf(certificate, KEY_USAGE)).to.equal('03020780')
      expect(isCritical(certificate, KEY_USAGE)).to.equal(true)
      expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.2'])
      expect(certificate.subjectAltName).to.equal(undefined)
    })

    it('names its own key and that of its issuer', async () => {
      const { certificate } = await issueCertificate({ issuer: root, subject, ...validity })
      expect(extensionOids(certificate)).to.include.members(['2.5.29.14', '2.5.29.35'])
      const [own, authority] = [
        valueOf(root.certificate, '2.5.29.14'),
        valueOf(certificate, '2.5.29.35'),
      ]
      expect(authority.slice(-40)).to.equal(own.slice(-40))
    })

    it('carries every kind of alternative name', async () => {
      const altNames = [
        altName('dns', 'app.example'),
        altName('uri', 'spiffe://example/app'),
        altName('ip', '::1'),
        altName('email', 'a@b.example'),
      ]
      const made = await issueCertificate({ issuer: root, subject, altNames, ...validity })
      expect(made.certificate.subjectAltName).to.equal(
        'DNS:app.example, URI:spiffe://example/app, IP Address:0:0:0:0:0:0:0:1, email:a@b.example',
      )
    })

    it('is fit for a server when asked', async () => {
      const made = await issueCertificate({ issuer: root, subject, serverAuth: true, ...validity })
      expect(made.certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'])
    })

    for (const [why, more] of [
      ['outlives its issuer', { notAfter: new Date('2036-01-01T00:00:01Z') }],
      ['is older than its issuer', { notBefore: new Date('2025-12-31T23:59:59Z') }],
      ['has no subject', { subject: [] }],
    ] as const) {
      it(`is refused when it ${why}`, async () => {
        const params = { issuer: root, subject, ...validity, ...more }
        await rejectsWithCode(issueCertificate(params), 'ERR_RA_ARGUMENT_INVALID')
      })
    }
  })

  describe('an intermediate', () => {
    it('has one less level below it than its issuer, down to none', async () => {
      let issuer = root
      for (const pathLength of [3, 2, 1, 0]) {
        issuer = await createIntermediate({ issuer, commonName: `L${pathLength}`, ...validity })
        const expected = `30060101ff0201${String(pathLength).padStart(2, '0')}`
        expect(valueOf(issuer.certificate, BASIC_CONSTRAINTS)).to.equal(expected)
      }
      const below = createIntermediate({ issuer, commonName: 'too deep', ...validity })
      await rejectsWithCode(below, 'ERR_RA_PKI_INVALID')
    })
  })
})

describe('newSerialNumber', () => {
  for (const octet of [0x00, 0xff]) {
    it(`is positive and 20 octets long when all random octets are ${octet}`, () => {
      const random = { ...systemRandomness, bytes: (count: number) => Buffer.alloc(count, octet) }
      const serialNumber = newSerialNumber(random)
      expect(serialNumber).to.match(/^[4-7][0-9a-f]{39}$/)
    })
  }

  it('differs each time', () => {
    const all = Array.from({ length: 100 }, () => newSerialNumber(systemRandomness))
    expect(new Set(all).size).to.equal(100)
  })
})
