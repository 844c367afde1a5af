import { type Certificate, isValidAt, parseCertificate } from './certificate.js'

/** Most certificates that the chain header may carry. */
const MAX_INTERMEDIATES = 5

/** The intermediates between a certificate and its trust anchor, or why there is no such path. */
export type PathResult = { readonly path: readonly Certificate[] } | { readonly reason: string }

/**
 * Looks for a path from a certificate to a trust anchor through the certificates that the request
 * carries, and no others: nothing is fetched.
 *
 * @param anchors The trust anchor's own certificates.
 * @see https://datatracker.ietf.org/doc/html/rfc5280#section-6.1
 */
export function findPath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  at: Date,
): PathResult {
  if (intermediates.length > MAX_INTERMEDIATES) {
    return { reason: `more than ${MAX_INTERMEDIATES} certificates in the chain` }
  }
  const all = [leaf, ...intermediates, ...anchors]
  let reason = all.every(({ publicKey }) => publicKey)
    ? 'no certificate of the trust anchor issued it, directly or through the chain'
    : 'this Node.js does not know the type of a key in the path (ML-DSA needs Node.js 24)'
  const visited = new Set<Certificate>()

  const climb = (current: Certificate, path: Certificate[]): Certificate[] | undefined => {
    for (const anchor of anchors) {
      if (!issued(anchor, current)) continue
      const unfit = whyUnfitIssuer(anchor, path.length, at)
      if (!unfit) return path
      reason = `trust anchor certificate ${unfit}`
    }
    for (const candidate of intermediates) {
      if (visited.has(candidate) || !issued(candidate, current)) continue
      visited.add(candidate)
      const unfit = whyUnfitIssuer(candidate, path.length, at) ?? whyUnfitIntermediate(candidate)
      if (unfit) reason = `intermediate certificate ${unfit}`
      const found = unfit ? undefined : climb(candidate, [...path, candidate])
      if (found) return found
    }
    return undefined
  }
  const path = climb(leaf, [])
  return path ? { path } : { reason }
}

/**
 * Reads the chain header: base64 DER certificates with commas between them.
 *
 * @throws Error of any kind when an element is no certificate.
 */
export function parseChain(text: string): Certificate[] {
  // One more than is allowed is enough to refuse them; a header has room for hundreds.
  const parts = text.split(',', MAX_INTERMEDIATES + 1)
  return parts.map((part) => parseCertificate(decodeBase64(part)))
}

/**
 * Decodes canonical base64, as one line.
 *
 * @throws Error on anything else; `Buffer` alone would skip what it does not understand.
 */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new Error('not base64')
  return bytes
}

/** Names, key identifiers and signature all say so. */
function issued(issuer: Certificate, subject: Certificate): boolean {
  try {
    return (
      issuer.publicKey !== undefined &&
      subject.node.checkIssued(issuer.node) &&
      subject.node.verify(issuer.publicKey)
    )
  } catch {
    // A key that cannot verify this kind of signature did not make it.
    return false
  }
}

function whyUnfitIssuer(issuer: Certificate, below: number, at: Date): string | undefined {
  if (!isValidAt(issuer, at)) return 'is expired or not yet valid'
  if ((issuer.basicConstraints?.pathLength ?? Infinity) < below) return 'allows no path this long'
  return undefined
}

function whyUnfitIntermediate(certificate: Certificate): string | undefined {
  if (certificate.version !== 3) return 'is not version 3'
  if (!certificate.basicConstraints?.ca) return 'is not a CA'
  if (!certificate.keyUsage?.has('keyCertSign')) return 'may not sign certificates'
  return certificate.strongSignature ? undefined : 'is signed with a weak hash'
}
