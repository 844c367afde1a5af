const BASE_MS = 500
const CAP_MS = 30_000

/**
 * Wait after the `failures`-th failure in a row, in milliseconds: full jitter below a bound that
 * doubles from half a second to half a minute, and never so short that a loop would spin.
 *
 * @param random Uniform in [0, 1).
 */
export function retryDelayMs(failures: number, random: () => number): number {
  const bound = Math.min(CAP_MS, BASE_MS * 2 ** Math.max(0, failures - 1))
  return Math.max(50, random() * bound)
}
