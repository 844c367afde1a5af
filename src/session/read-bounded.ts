import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 32 * 1024

/** How often it is looked whether something has come out of a pipe. */
const PAUSE_MS = 10

/** What became of reading a file that may not be larger than it should be. */
export type BoundedFile =
  { readonly bytes: Buffer } | { readonly problem: 'folder' | 'too large' | 'silent pipe' }

/** What each problem means; stands after the file's name. */
export const PROBLEM_TEXTS = {
  folder: 'is a folder',
  'too large': 'is too large',
  'silent pipe': 'is a pipe that nobody writes to',
} as const satisfies Record<Extract<BoundedFile, { problem: string }>['problem'], string>

/**
 * Reads a whole file, or says why not. By chunks and not by the size that the file system tells: pipes
 * and devices have none. Synchronous: the files are small and local, and `node:fs/promises` would cost
 * every `credential-process` 2 ms.
 *
 * @param patienceMs How long a pipe may be silent, such as that of `<(command)` in a shell. Without an
 *   end, one that nobody writes to would keep the process from hearing even its signals.
 * @throws Error from the file system, for example with code `ENOENT`.
 */
export function readBounded(path: string, maxBytes: number, patienceMs = 5_000): BoundedFile {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(file)
    if (stats.isDirectory()) return { problem: 'folder' }
    const chunks: Buffer[] = []
    let size = 0
    let silentMs = 0
    while (size <= maxBytes) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const bytesRead = readIfAny(file, chunk)
      // A pipe that has given nothing yet has no writer yet.
      const silent = bytesRead === undefined || (bytesRead === 0 && size === 0 && stats.isFIFO())
      if (silent && silentMs >= patienceMs) return { problem: 'silent pipe' }
      if (silent) {
        pause()
        silentMs += PAUSE_MS
        continue
      }
      if (bytesRead === 0) return { bytes: Buffer.concat(chunks) }
      chunks.push(chunk.subarray(0, bytesRead))
      size += bytesRead
      silentMs = 0
    }
    return { problem: 'too large' }
  } finally {
    closeSync(file)
  }
}

/** @returns `undefined` when a pipe or terminal has nothing to give at the moment. */
function readIfAny(file: number, chunk: Buffer): number | undefined {
  try {
    return readSync(file, chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined
    throw error
  }
}

/** Waits without an event loop. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
}
