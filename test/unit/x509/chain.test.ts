import { X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { orderChain } from '../../../src/x509/chain.js'
import { readCert } from '../../support/certs.js'

const certificate = (file: string): X509Certificate => new X509Certificate(readCert(file))

const order = (leaf: string, files: readonly string[]): { chain: string[]; left: string[] } => {
  const named = new Map([leaf, ...files].map((file) => [certificate(file).fingerprint256, file]))
  const name = (entry: X509Certificate): string => named.get(entry.fingerprint256)!
  const { chain, unconnected } = orderChain(certificate(leaf), files.map(certificate))
  return { chain: chain.map(name), left: unconnected.map(name) }
}

describe('orderChain', () => {
  const bag = [
    'root.pem',
    'intermediate-1.pem',
    'chain.pem',
    'intermediate-2.pem',
    'intermediate-1.impostor.pem',
    'intermediate-2.pem',
    'other-root.pem',
  ]

  it('comes to the same chain whatever the order of the certificates', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(bag, { minLength: bag.length }), (files) => {
        expect(order('chain.pem', files)).to.deep.equal({
          chain: ['intermediate-2.pem', 'intermediate-1.pem'],
          left: ['intermediate-1.impostor.pem'],
        })
      }),
      { numRuns: 30 },
    )
  })

  for (const files of [
    ['intermediate-1.cross.pem', 'intermediate-1.pem', 'root.pem'],
    ['root.pem', 'intermediate-1.pem', 'intermediate-1.cross.pem'],
  ]) {
    it(`takes the cross-signed certificate whose issuer is there: ${files.join(', ')}`, () => {
      expect(order('chain-1.pem', files).chain).to.deep.equal(['intermediate-1.pem'])
    })
  }

  it('goes by the signature where no key identifier tells the issuer', () => {
    const files = [
      'intermediate-1.impostor.pem',
      'intermediate-1.pem',
      'root.pem',
      'other-root.pem',
    ]
    expect(order('chain-1.no-key-id.pem', files).chain).to.deep.equal(['intermediate-1.pem'])
  })

  it('takes the renewed certificate of an issuer, not the old one', () => {
    const files = ['intermediate-1.old.pem', 'intermediate-1.pem']
    expect(order('chain-1.pem', files).chain).to.deep.equal(['intermediate-1.pem'])
  })

  it('ends the chain where no issuer is there', () => {
    expect(order('chain.pem', ['intermediate-1.pem'])).to.deep.equal({
      chain: [],
      left: ['intermediate-1.pem'],
    })
  })

  it('leaves a self-signed certificate without a chain', () => {
    expect(order('root.pem', ['root.pem', 'intermediate-1.pem']).chain).to.deep.equal([])
  })
})
