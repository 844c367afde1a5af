import { fstatSync, writeSync } from 'node:fs'

/** What a failed write is told to. */
type OnError = (error: NodeJS.ErrnoException) => void

/** Streams of the process that had to be used after all, and what their failures are told to. */
const streams = new Map<NodeJS.WriteStream, OnError>()

/**
 * Writes to standard output. Straight to the file descriptor: Node's own stream would load the whole
 * of streams and sockets, which takes a tenth of the time in which `credential-process` can be done,
 * and writes no later than this does.
 */
export const writeOut = (text: string | Uint8Array, onError: OnError): void =>
  write(1, () => process.stdout, text, onError)

/** As {@link writeOut}, to standard error. */
export const writeErr = (text: string, onError: OnError): void =>
  write(2, () => process.stderr, text, onError)

/** Whether a person is looking at what is written to this file descriptor. */
export function isTerminal(descriptor: 1 | 2): boolean {
  try {
    // Only a character device can be one, and a stream is needed to tell which of them are.
    if (!fstatSync(descriptor).isCharacterDevice()) return false
    return (descriptor === 1 ? process.stdout : process.stderr).isTTY
  } catch {
    // Closed.
    return false
  }
}

/** Calls back when everything is out. */
export function whenWritten(done: () => void): void {
  const [next] = streams
  if (next === undefined) return done()
  const [stream, onError] = next
  streams.delete(stream)
  stream.write('', (error) => {
    if (error) onError(error)
    whenWritten(done)
  })
}

function write(
  descriptor: 1 | 2,
  streamOf: () => NodeJS.WriteStream,
  text: string | Uint8Array,
  onError: OnError,
): void {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  let written = 0
  try {
    // Once a stream has something to write, what follows must queue behind it.
    if (streams.size > 0) throw Object.assign(new Error('a stream is in use'), { code: 'EAGAIN' })
    while (written < bytes.length) written += writeSync(descriptor, bytes, written)
  } catch (error) {
    const failure = error as NodeJS.ErrnoException
    // A pipe that is full and that somebody has told not to wait: its stream knows how to.
    if (failure.code === 'EAGAIN') queue(streamOf(), bytes.subarray(written), onError)
    else onError(failure)
  }
}

function queue(stream: NodeJS.WriteStream, bytes: Uint8Array, onError: OnError): void {
  if (!streams.has(stream)) stream.on('error', onError)
  streams.set(stream, onError)
  stream.write(bytes)
}
