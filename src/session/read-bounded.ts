import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 32 * 1024

/** What became of reading a file that may not be larger than it should be. */
export type BoundedFile = { readonly bytes: Buffer } | { readonly problem: 'folder' | 'too large' }

/**
 * Reads a whole file, or says why not. By chunks and not by the size that the file system tells: pipes
 * and devices have none. Synchronous: the files are small and local, and `node:fs/promises` would cost
 * every `credential-process` 2 ms.
 *
 * @throws Error from the file system, for example with code `ENOENT`.
 */
export function readBounded(path: string, maxBytes: number): BoundedFile {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).isDirectory()) return { problem: 'folder' }
    const chunks: Buffer[] = []
    for (let size = 0; size <= maxBytes;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const bytesRead = readSync(file, chunk)
      if (bytesRead === 0) return { bytes: Buffer.concat(chunks) }
      chunks.push(chunk.subarray(0, bytesRead))
      size += bytesRead
    }
    return { problem: 'too large' }
  } finally {
    closeSync(file)
  }
}
