import type { X509Certificate } from 'node:crypto'
import { certificateFacts } from '../../x509/certificate-facts.js'
import { MAX_CHAIN, orderChain } from '../../x509/chain.js'
import { checkChain } from '../../x509/check-identity.js'
import { readCertificates } from '../../x509/read-identity.js'
import { type Check, check } from '../check.js'
import { failedBy, ok, skipped, warning } from '../finding.js'
import { judgeAnchor } from '../judgements/trust-anchor.js'
import { orFailed } from './certificate.js'

const intermediates = check({
  id: 'chain.intermediates',
  needs: ['certificate', 'intermediatesFile'],
  gives: ['chain'],
  async run({ certificate, certificates = [], identity, intermediatesFile, passphrase }) {
    return orFailed(async () => {
      const more = intermediatesFile ? await readCertificates(intermediatesFile, passphrase) : []
      // A token has a chain of its own, and no file that it came from.
      const found = [...certificates, ...(identity?.chain ?? []), ...more]
      const { chain, unconnected } = orderChain(certificate, found)
      const names = chain.map(nameOf)
      const detail = { chain: names, leftOut: unconnected.map(nameOf) }
      const facts = { chain }
      if (unconnected.length > 0) {
        const left = unconnected.map((entry) => `"${nameOf(entry)}"`).join(', ')
        const hint =
          'take them out of the file, or find out why they do not belong to this certificate'
        return { finding: warning(`not part of the chain: ${left}`, hint, detail), facts }
      }
      const message =
        chain.length === 0
          ? 'none: the trust anchor itself must have issued the certificate'
          : `${chain.length}, in order: ${names.map((name) => `"${name}"`).join(', ')}`
      return { finding: ok(message, detail), facts }
    })
  },
})

const rules = check({
  id: 'chain.rules',
  needs: ['certificate', 'chain'],
  run({ certificate, chain }, { clock }) {
    if (chain.length === 0) return {}
    try {
      checkChain({ certificate, chain }, clock.now())
      return {
        finding: ok(`${chain.length} of at most ${MAX_CHAIN}; all are CAs, valid and strong`),
      }
    } catch (error) {
      return { finding: failedBy(error) }
    }
  },
})

const trustAnchor = check({
  id: 'chain.trust-anchor',
  needs: ['certificate', 'chain'],
  async run({ certificate, chain, anchorFile }, { clock }) {
    const path = [certificate, ...chain]
    const top = path.at(-1) ?? certificate
    if (!anchorFile) {
      const { issuer } = certificateFacts(top)
      const hint = 'give the certificate of the trust anchor with --trust-anchor-certificate'
      return { finding: skipped(`the trust anchor must be "${issuer}"; not compared`, hint) }
    }
    return orFailed(async () => {
      const anchors = await readCertificates(anchorFile)
      return { finding: judgeAnchor(path, anchors, clock.now()) }
    })
  },
})

const nameOf = (certificate: X509Certificate): string => certificateFacts(certificate).subject

/** What lies between the certificate and the trust anchor. */
export const CHAIN_CHECKS: readonly Check[] = [intermediates, rules, trustAnchor]
