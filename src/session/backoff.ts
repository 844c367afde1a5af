/** Longest wait before the second attempt. */
const BASE_MS = 200

/** No wait is longer than this. */
const CAP_MS = 5_000

/**
 * Wait before attempt `attempt + 1`, in milliseconds: uniform between zero and a bound that doubles
 * each time ("full jitter"), so that many clients do not come back together.
 *
 * @param random Uniform in [0, 1).
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt)
}
