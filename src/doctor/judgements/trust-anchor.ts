import type { X509Certificate } from 'node:crypto'
import { certificateFacts } from '../../x509/certificate-facts.js'
import { issued } from '../../x509/chain.js'
import { failed, type Finding, ok, warning } from '../finding.js'

/** A trust anchor holds at most so many certificates. */
const MAX_ANCHORS = 2

/**
 * Says whether a chain leads to a trust anchor, as the service finds out: signature by signature, by
 * what was sent and nothing else.
 *
 * @param path The end-entity certificate, then its chain.
 * @param anchors Of the trust anchor, in any order.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export function judgeAnchor(
  path: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  at: Date,
): Finding {
  const anchor = anchors.find((entry) => path.some((below) => signed(entry, below)))
  const names = anchors.map((entry) => certificateFacts(entry).subject)
  const detail = { anchors: names }
  if (!anchor) return unconnected(path, anchors, detail)
  const facts = certificateFacts(anchor)
  const name = `trust anchor "${facts.subject}"`
  const anew = 'make a new CA certificate, and register it as the trust anchor'
  if (!facts.isCa) {
    return failed('ERR_RA_CHAIN_INVALID', `${name} is not a CA certificate`, anew, detail)
  }
  if (!facts.signatureHash.strong) {
    const message = `${name} is signed with ${facts.signatureHash.name}`
    return failed('ERR_RA_CERTIFICATE_HASH_WEAK', message, anew, detail)
  }
  if (facts.keyUsage && !facts.keyUsage.includes('keyCertSign')) {
    const message = `${name} lacks the key usage keyCertSign`
    return failed('ERR_RA_CERTIFICATE_KEY_USAGE', message, anew, detail)
  }
  if (at > facts.notAfter) {
    const message = `${name} expired at ${facts.notAfter.toISOString()}`
    return failed('ERR_RA_CERTIFICATE_EXPIRED', message, anew, detail)
  }
  if (anchors.length > MAX_ANCHORS) {
    const hint = 'give only what is registered'
    return warning(`the file holds ${anchors.length} certificates; an anchor takes 2`, hint, detail)
  }
  return ok(`the chain leads to "${facts.subject}"`, detail)
}

/** Also by a certificate that lacks the key usage for it, which OpenSSL takes for no issuer at all. */
function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (issued(issuer, certificate)) return true
  const named = certificateFacts(issuer).subject === certificateFacts(certificate).issuer
  try {
    return named && certificate.verify(issuer.publicKey)
  } catch {
    // A key that this version of Node does not know verifies nothing.
    return false
  }
}

/** Two ways of missing: something of the anchor's name signed with another key, or somebody else did. */
function unconnected(
  path: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  detail: { readonly anchors: readonly string[] },
): Finding {
  const top = path.at(-1)
  const { issuer } = top ? certificateFacts(top) : { issuer: '' }
  const all = detail.anchors.map((subject) => `"${subject}"`).join(', ')
  const impostor = anchors.some((entry) => certificateFacts(entry).subject === issuer)
  const message = impostor
    ? `the trust anchor has the name "${issuer}", and another key than the one that signed`
    : `the chain ends at a certificate issued by "${issuer}", and the trust anchor is ${all}`
  const hint = impostor
    ? 'the CA was made anew: compare serial numbers, and register the one in use'
    : `give the certificate of "${issuer}" with --intermediates, or check that this is the right trust anchor`
  return failed('ERR_RA_CHAIN_INVALID', message, hint, { ...detail, issuer })
}
