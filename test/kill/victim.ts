import type { Emulator } from '../../src/emulator/index.js'

/** Where a victim works, and with whom it talks. */
export interface Scene {
  /** Its own, empty at the beginning. */
  readonly folder: string
  readonly aws: Emulator
  /** Path of the built command. */
  readonly program: string
}

/** A program that is killed again and again while it writes a file. Each run of it must write. */
export interface Victim {
  readonly name: string
  /** Arguments after the path of Node, and the environment. */
  readonly launch: (scene: Scene) => {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
  }
  /** The folder that holds the file, and whatever is written beside it. */
  readonly folder: (scene: Scene) => string
  /** Tells the file, which is there from the first run on, from what is beside it. */
  readonly isFile: (name: string) => boolean
  /** What is wrong with the content of the file, if anything is. */
  readonly fault: (content: Buffer) => string | undefined
}
