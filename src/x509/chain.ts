import type { X509Certificate } from 'node:crypto'

/** Most certificates that the service takes between the end-entity certificate and the anchor. */
export const MAX_CHAIN = 5

/** A chain in order, and the certificates that have no place in it. */
export interface OrderedChain {
  readonly chain: readonly X509Certificate[]
  /** Neither in the chain nor roots: they were issued by, and belong to, somebody else. */
  readonly unconnected: readonly X509Certificate[]
}

/**
 * Puts certificates in order, the issuer of `leaf` first. `leaf`, duplicates and self-signed roots
 * are left out. A link holds when names and key identifiers fit and the signature verifies, so that
 * of several certificates with one subject the right one is taken. Where more than one verifies
 * (cross-signed, or renewed with the same key), the one whose own issuer is there as well comes
 * first, then the one that is valid for longest.
 *
 * @param certificates In any order. The chain stops at one above {@link MAX_CHAIN}.
 */
export function orderChain(
  leaf: X509Certificate,
  certificates: readonly X509Certificate[],
): OrderedChain {
  const byFingerprint = new Map(certificates.map((entry) => [entry.fingerprint256, entry]))
  byFingerprint.delete(leaf.fingerprint256)
  const left = new Set([...byFingerprint.values()].filter((entry) => !issued(entry, entry)))

  const chain: X509Certificate[] = []
  let last = leaf
  while (chain.length <= MAX_CHAIN) {
    const issuers = [...left].filter((candidate) => issued(candidate, last))
    const hasIssuer = (entry: X509Certificate): boolean =>
      [...byFingerprint.values()].some((other) => other !== entry && entry.checkIssued(other))
    const [next] = issuers
      .map((entry) => ({ entry, goesOn: hasIssuer(entry), until: Date.parse(entry.validTo) }))
      .sort((a, b) => Number(b.goesOn) - Number(a.goesOn) || b.until - a.until)
    if (!next) break
    left.delete(next.entry)
    chain.push(next.entry)
    last = next.entry
  }
  return { chain, unconnected: [...left] }
}

/** Whether `issuer` issued `certificate`: the names fit, and the signature verifies. */
export function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  if (!certificate.checkIssued(issuer)) return false
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    // A key that this version of Node does not know verifies nothing.
    return false
  }
}
