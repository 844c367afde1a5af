import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { RolesAnywhereError } from '../../errors.js'
import { type EmulatorState, stateOf } from './state.js'

/** Nobody writes a larger state by hand, and a device file must not fill the memory. */
const MAX_FILE_BYTES = 16 * 1024 * 1024

/**
 * Reads a state file and the files that it names; their relative paths start at its folder.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE` or `ERR_RA_EMULATOR_STATE_INVALID`.
 */
export function readStateFile(path: string): EmulatorState {
  return stateFromDocument(readStateDocument(path), `state file "${path}"`, path)
}

/**
 * The JSON of a state file, unchecked.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE` or `ERR_RA_EMULATOR_STATE_INVALID`.
 */
export function readStateDocument(path: string): unknown {
  const text = readText(path, `state file "${path}"`)
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = `state file "${path}": not JSON`
    throw new RolesAnywhereError('ERR_RA_EMULATOR_STATE_INVALID', message, {
      cause: error,
      hint: 'docs/emulator.md has a state file to start from',
    })
  }
}

/** A state whose relative paths start at the folder of a file. */
export function stateFromDocument(document: unknown, source: string, path: string): EmulatorState {
  const folder = dirname(path)
  return stateOf(document, source, (name) => readBounded(resolve(folder, name)))
}

/**
 * The text of a file, bounded in size.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE`.
 */
export function readText(path: string, source: string): string {
  try {
    return readBounded(path).toString('utf8')
  } catch (error) {
    throw new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `${source}: cannot be read`, {
      cause: error,
      hint: 'check the path, and that it is a readable file of at most 16 MiB',
    })
  }
}

function readBounded(path: string): Buffer {
  const stat = statSync(path)
  if (!stat.isFile()) throw new Error('not a regular file')
  if (stat.size > MAX_FILE_BYTES) throw new Error(`larger than ${MAX_FILE_BYTES} bytes`)
  return readFileSync(path)
}
