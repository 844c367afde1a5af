import { RolesAnywhereError } from '../errors.js'
import type { Io } from './command.js'

/**
 * All of standard input, as UTF-8.
 *
 * @throws RolesAnywhereError `ERR_RA_INPUT_INVALID` when it is larger than `maxBytes` or no UTF-8.
 */
export async function readInput({ stdin }: Io, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stdin ?? []) {
    size += chunk.length
    if (size > maxBytes) throw invalid(`is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    // The decoder's error says nothing more.
    throw invalid('is not UTF-8')
  }
}

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_INPUT_INVALID', `standard input ${problem}`)
}
