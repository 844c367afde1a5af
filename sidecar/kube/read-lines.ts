import { RolesAnywhereError } from '../../src/errors.js'

const LINE_FEED = 0x0a

/**
 * Splits a byte stream at line feeds. A last line without one was cut off, and is dropped.
 *
 * @throws RolesAnywhereError `ERR_RA_KUBE_UNAVAILABLE` for a line longer than `maxBytes`.
 */
export async function* readLines(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      held.push(chunk.subarray(start, end))
      const line = Buffer.concat(held).toString('utf8')
      held = []
      size = 0
      start = end + 1
      if (line !== '') yield line
    }
    const rest = chunk.subarray(start)
    size += rest.length
    if (size > maxBytes) {
      throw new RolesAnywhereError(
        'ERR_RA_KUBE_UNAVAILABLE',
        `a line of a watch is longer than ${maxBytes} bytes`,
      )
    }
    held.push(rest)
  }
}
