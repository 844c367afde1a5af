import { open } from 'node:fs/promises'
import { RolesAnywhereError } from '../errors.js'
import { errorCode } from './write-files.js'

/** No certificate, key or passphrase comes near it; an index of that size has 20 000 entries. */
const MAX_OCTETS = 8 * 1024 * 1024

/**
 * A file's text, or nothing when there is no such file.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_UNREADABLE` for any other failure and above 8 MiB.
 */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r')
    const chunks: Buffer[] = []
    // One octet more than allowed tells a file that is full from one that is too long.
    for await (const chunk of file.createReadStream({ end: MAX_OCTETS })) chunks.push(bytes(chunk))
    const content = Buffer.concat(chunks)
    if (content.length > MAX_OCTETS)
      throw unreadable(path, 'too large', 'check that it is the right file')
    return content.toString('utf8')
  } catch (error) {
    if (error instanceof RolesAnywhereError) throw error
    if (errorCode(error) === 'ENOENT') return undefined
    throw unreadable(path, errorCode(error), 'check its permissions', error)
  }
}

/** The stream has no encoding, so its chunks are buffers; its type does not say so. */
const bytes = (chunk: unknown): Buffer => (Buffer.isBuffer(chunk) ? chunk : Buffer.of())

function unreadable(
  path: string,
  reason: string,
  hint: string,
  cause?: unknown,
): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_FILE_UNREADABLE', `cannot read "${path}" (${reason})`, {
    cause,
    hint,
  })
}
