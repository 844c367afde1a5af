import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../src/clock.js'

/** Longest life that a client may ask for. */
export const MAX_TTL_SECONDS = 21_600

/** A client asks for a token every few minutes at the most; who loses one to this limit asks again. */
const MAX_TOKENS = 1024

const TOKEN_BYTES = 32

/** The metadata tokens that are good now. */
export interface MetadataTokens {
  /**
   * A new token: 256 random bits in URL-safe base64.
   *
   * @param ttlSeconds Its life, 1 to {@link MAX_TTL_SECONDS}.
   */
  issue(ttlSeconds: number): string
  /** Whole seconds that a token is still good for, rounded up; `undefined` when it is not good. */
  secondsLeft(token: string): number | undefined
}

/**
 * An empty table of metadata tokens. It holds 1024 at the most: expired ones make room first, then
 * the oldest.
 *
 * @param clock Its monotonic time counts, so that setting the clock revives no token.
 */
export function createMetadataTokens(clock: Pick<Clock, 'monotonicMs'>): MetadataTokens {
  const endMsByDigest = new Map<string, number>()

  function makeRoom(): void {
    if (endMsByDigest.size < MAX_TOKENS) return
    const nowMs = clock.monotonicMs()
    for (const [digest, endMs] of endMsByDigest) {
      if (endMs <= nowMs) endMsByDigest.delete(digest)
    }
    const [oldest] = endMsByDigest.keys()
    if (endMsByDigest.size >= MAX_TOKENS && oldest !== undefined) endMsByDigest.delete(oldest)
  }

  return {
    issue(ttlSeconds) {
      makeRoom()
      const token = randomBytes(TOKEN_BYTES).toString('base64url')
      endMsByDigest.set(digestOf(token), clock.monotonicMs() + ttlSeconds * 1000)
      return token
    },
    secondsLeft(token) {
      const endMs = endMsByDigest.get(digestOf(token)) ?? 0
      const leftMs = endMs - clock.monotonicMs()
      return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
    },
  }
}

/** Looked up by digest: how long that takes says nothing about a token that comes close. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
