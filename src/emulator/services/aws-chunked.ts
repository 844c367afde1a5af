import { sha256Hex } from '../http/canonical.js'

/** How the chunks of a streamed payload are signed. */
export interface ChunkSigning {
  /** Value of `x-amz-content-sha256`. */
  readonly form: string
  /** Signature of the request; the first chunk's signature builds on it. */
  readonly seed: string
  /** Signs a label and lines with the request's key, date and scope. */
  readonly sign: (label: string, ...lines: readonly string[]) => string
}

/** Whether the chunks are signed, by payload form; other forms are not known. */
const SIGNED: ReadonlyMap<string, boolean> = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', true],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', true],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', false],
])

const EMPTY_HASH = sha256Hex('')

/**
 * Takes a payload in `aws-chunked` encoding apart and verifies its signatures, if it has any.
 *
 * @returns `undefined` when the framing is broken, a signature is wrong or the form is unknown.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export function decodeChunks(body: Buffer, signing: ChunkSigning): Buffer | undefined {
  const signed = SIGNED.get(signing.form)
  if (signed === undefined) return undefined
  const chunks: Buffer[] = []
  let previous = signing.seed
  let position = 0
  for (;;) {
    const lineEnd = body.indexOf('\r\n', position)
    const line = lineEnd < 0 ? '' : body.toString('latin1', position, lineEnd)
    const match = /^([0-9a-f]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line)
    if (!match) return undefined
    const start = lineEnd + 2
    const end = start + Number.parseInt(match[1] ?? '', 16)
    const chunk = body.subarray(start, end)
    if (end > body.length) return undefined
    if (signed) {
      const expected = signing.sign(
        'AWS4-HMAC-SHA256-PAYLOAD',
        previous,
        EMPTY_HASH,
        sha256Hex(chunk),
      )
      if (expected !== match[2]) return undefined
      previous = expected
    }
    if (end === start)
      return trailerIsGood(body.subarray(start), previous, signing)
        ? Buffer.concat(chunks)
        : undefined
    if (body.toString('latin1', end, end + 2) !== '\r\n') return undefined
    chunks.push(chunk)
    position = end + 2
  }
}

/** Checksums in the trailer are tolerated and not compared; its signature is. */
function trailerIsGood(rest: Buffer, previous: string, signing: ChunkSigning): boolean {
  if (signing.form !== 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER') return true
  const lines = rest
    .toString('latin1')
    .split('\r\n')
    .filter((line) => line !== '')
  const prefix = 'x-amz-trailer-signature:'
  const given = lines.find((line) => line.startsWith(prefix))?.slice(prefix.length)
  const covered = lines.filter((line) => !line.startsWith(prefix)).map((line) => `${line}\n`)
  return given === signing.sign('AWS4-HMAC-SHA256-TRAILER', previous, sha256Hex(covered.join('')))
}
