import { X509Certificate } from 'node:crypto'

const DAY_MS = 24 * 60 * 60_000

/** Life of a certificate and of the authority that is made for it alone. */
export const LIFE_MS = 90 * DAY_MS

/** With this much life left, the next one is made. */
const RENEW_MS = 30 * DAY_MS

/**
 * How long a new authority is published before its certificate is used: every API server must have
 * read it by then.
 */
export const OVERLAP_MS = 10 * 60_000

/** Clocks of API servers may be behind by this much. */
export const BACKDATE_MS = 60 * 60_000

/** A server certificate, its key and its authority, as PEM. The authority's own key is not kept. */
export interface ServingPair {
  readonly certificate: string
  readonly privateKey: string
  readonly authority: string
}

/** What the replicas share through one Secret. */
export interface CertificateState {
  /** The pair that is served. */
  readonly serving?: ServingPair
  /** The pair that will be, as soon as its authority is known everywhere. */
  readonly next?: ServingPair
}

/** What the leader has to do. */
export type RotationStep = 'none' | 'make-first' | 'stage-next' | 'promote-next'

/**
 * Decides the next step of a rotation, from the state alone, so that a leader which ends in the middle
 * is followed by one that goes on. Whatever cannot be read, or is over, counts as absent.
 */
export function rotationStep({ serving, next }: CertificateState, now: Date): RotationStep {
  const life = remaining(serving, now)
  const nextLife = remaining(next, now)
  if (life <= 0) return nextLife > 0 ? 'promote-next' : 'make-first'
  if (nextLife > 0 && next) return isPublished(next, now) ? 'promote-next' : 'none'
  return life < RENEW_MS ? 'stage-next' : 'none'
}

/** Authorities that API servers should trust: of what is served, and of what will be. */
export function authorityBundle({ serving, next }: CertificateState): string {
  const authorities = [serving, next].flatMap((pair) => (pair ? [pair.authority.trim()] : []))
  return [...new Set(authorities)].map((pem) => `${pem}\n`).join('')
}

/** Milliseconds of life; zero or less for a pair that cannot be used. */
function remaining(pair: ServingPair | undefined, now: Date): number {
  if (!pair) return 0
  try {
    const certificate = new X509Certificate(pair.certificate)
    const isWhole =
      certificate.verify(new X509Certificate(pair.authority).publicKey) && pair.privateKey !== ''
    return isWhole ? Date.parse(certificate.validTo) - now.getTime() : 0
  } catch {
    return 0
  }
}

/** A pair is staged at the moment when it is made, which its certificate tells. */
function isPublished({ certificate }: ServingPair, now: Date): boolean {
  const madeAt = Date.parse(new X509Certificate(certificate).validFrom) + BACKDATE_MS
  return now.getTime() - madeAt >= OVERLAP_MS
}
