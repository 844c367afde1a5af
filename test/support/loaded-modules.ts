import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PROGRAM, start } from './program.js'

/** What a run of the program has loaded after Node itself. */
export interface Loaded {
  /** Names of files. */
  readonly files: readonly string[]
  /** Public modules of Node. */
  readonly builtins: readonly string[]
}

const WITNESS = `const known = new Set(process.moduleLoadList)
const { builtinModules } = require('node:module')
process.on('exit', () => {
  const builtins = process.moduleLoadList
    .filter((name) => !known.has(name))
    .map((name) => name.replace('NativeModule ', ''))
    .filter((name) => builtinModules.includes(name))
  const files = Object.keys(require.cache).map((path) => require('node:path').basename(path))
  require('node:fs').writeFileSync(process.env.TESTIMONY, JSON.stringify({ files, builtins }))
})`

/**
 * Runs the built command with a witness of everything that is loaded.
 *
 * @param folder For the witness and what it has seen.
 */
export async function modulesLoadedBy(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Loaded> {
  const witness = join(folder, 'witness.cjs')
  const testimony = join(folder, 'loaded.json')
  await writeFile(witness, WITNESS)
  const command = ['--require', witness, PROGRAM, ...args]
  await start(command, { ...env, TESTIMONY: testimony }).finished()
  return JSON.parse(await readFile(testimony, 'utf8')) as Loaded
}
