import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { judgeAnchor } from '../../../../src/doctor/judgements/trust-anchor.js'
import { AT, readCert } from '../../../support/certs.js'
import { createLeaf, createRoot, KeyUsageFlags } from '../../../support/emulator-pki.js'

const certificates = (...files: string[]): X509Certificate[] =>
  files.map((file) => new X509Certificate(readCert(file)))

describe('judgeAnchor', () => {
  for (const { what, path, anchors, status, words } of [
    { what: 'the issuer', path: ['ec-p256.pem'], anchors: ['root.pem'], status: 'ok' },
    {
      what: 'the root above two intermediates',
      path: ['chain.pem', 'intermediate-2.pem', 'intermediate-1.pem'],
      anchors: ['root.pem'],
      status: 'ok',
    },
    {
      what: 'an intermediate as the anchor',
      path: ['chain.pem', 'intermediate-2.pem'],
      anchors: ['intermediate-1.pem'],
      status: 'ok',
    },
    {
      what: 'one of two anchors',
      path: ['ec-p256.pem'],
      anchors: ['other-root.pem', 'root.pem'],
      status: 'ok',
    },
    {
      what: 'a missing intermediate',
      path: ['chain.pem'],
      anchors: ['root.pem'],
      status: 'failed',
      words: 'issued by "CN=Test Intermediate 2,O=Example,C=DE"',
    },
    {
      what: 'another root',
      path: ['ec-p256.pem'],
      anchors: ['other-root.pem'],
      status: 'failed',
      words: 'the trust anchor is "CN=Other Root,O=Example,C=DE"',
    },
    {
      what: 'a CA of the same name with another key',
      path: ['chain-1.pem'],
      anchors: ['intermediate-1.impostor.pem'],
      status: 'failed',
      words: 'another key than the one that signed',
    },
    {
      what: 'an issuer that is no CA',
      path: ['chain-not-ca.pem'],
      anchors: ['no-key-usage.pem'],
      status: 'failed',
      words: 'is not a CA certificate',
    },
    {
      what: 'an anchor that has expired',
      path: ['chain-expired.pem'],
      anchors: ['intermediate-expired.pem'],
      status: 'failed',
      words: 'expired at 2021',
    },
    {
      what: 'an anchor signed with SHA-1',
      path: ['chain-sha1.pem'],
      anchors: ['intermediate-sha1.pem'],
      status: 'failed',
      words: 'is signed with sha1',
    },
    {
      what: 'more certificates than an anchor takes',
      path: ['ec-p256.pem'],
      anchors: ['root.pem', 'other-root.pem', 'intermediate-1.pem'],
      status: 'warning',
    },
  ]) {
    it(`calls ${what} ${status}`, () => {
      const finding = judgeAnchor(certificates(...path), certificates(...anchors), AT)
      expect(finding.status, finding.message).to.equal(status)
      expect(finding.message).to.contain(words ?? '')
    })
  }

  it('wants a CA that may sign certificates', async () => {
    const root = await createRoot({ usage: KeyUsageFlags.cRLSign })
    const leaf = await createLeaf(root)
    const path = [new X509Certificate(leaf.der)]
    const finding = judgeAnchor(path, [new X509Certificate(root.der)], AT)
    expect(finding.message).to.contain('lacks the key usage keyCertSign')
  })
})
