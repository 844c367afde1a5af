import { closeSync, openSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Clock and resolver of the machine that a program runs on, as that program sees them. */
export interface Machine {
  /** Arguments for Node and variables that put a program on this machine. */
  readonly nodeArguments: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** How far the wall clock is ahead of the right time. */
  setClock(aheadMs: number): void
  setResolver(works: boolean): void
  close(): void
}

const PRELOAD = fileURLToPath(new URL('machine.cjs', import.meta.url))

/** @param path Of a file that carries the settings; it is made. */
export function openMachine(path: string): Machine {
  const file = openSync(path, 'w')
  const state = Buffer.alloc(16)
  const write = (): void => void writeSync(file, state, 0, state.length, 0)
  write()
  return {
    nodeArguments: ['--require', PRELOAD],
    env: { TEST_MACHINE: path },
    setClock(aheadMs) {
      state.writeDoubleLE(aheadMs, 0)
      write()
    },
    setResolver(works) {
      state[8] = works ? 0 : 1
      write()
    },
    close: () => closeSync(file),
  }
}
