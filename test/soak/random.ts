/** Numbers that are the same again for the same seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  between(least: number, most: number): number
  pick<T>(list: readonly T[]): T
}

/** A small generator (mulberry32): good enough to choose faults, and a run can be had again. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (least, most) => least + (most - least) * next(),
    pick: (list) => list[Math.floor(next() * list.length)]!,
  }
}
