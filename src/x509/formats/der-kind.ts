import { DerReader } from '../der.js'

/** What a DER value is, told from its outline alone. */
export type DerKind =
  | 'certificate'
  | 'certificate request'
  | 'certificate revocation list'
  | 'PKCS#7 file'
  | 'PKCS#12 file'
  | 'PKCS#8 private key'
  | 'encrypted private key'
  | 'PKCS#1 private key'
  | 'SEC1 private key'
  | 'public key'

// Tags of the children of the outer SEQUENCE, then, in brackets, of the first child where it is one.
const OUTLINES: readonly (readonly [outline: RegExp, kind: DerKind])[] = [
  [/^30\(023030(a0)?\)3003$/, 'certificate request'],
  [/^30\((02)?30301[78].*\)3003$/, 'certificate revocation list'],
  [/^30\(.*\)3003$/, 'certificate'],
  [/^023004/, 'PKCS#8 private key'],
  [/^30\(06.*\)04$/, 'encrypted private key'],
  [/^(02){9}(30)?$/, 'PKCS#1 private key'],
  [/^0204(a0)?(a1)?$/, 'SEC1 private key'],
  [/^30\(06.*\)03$/, 'public key'],
  [/^0202$/, 'public key'],
  [/^06a0$/, 'PKCS#7 file'],
]

// PKCS#12 may be BER (Windows and NSS write it so): SEQUENCE of any length form, then INTEGER 3.
const PKCS12_HEAD = /^30(80|[0-7].|81..|82.{4}|83.{6}|84.{8})020103/

/** Tells what a file that is not PEM holds; `undefined` when it is nothing known. */
export function derKind(bytes: Uint8Array): DerKind | undefined {
  const head = Buffer.from(bytes.subarray(0, 9)).toString('hex')
  if (PKCS12_HEAD.test(head)) return 'PKCS#12 file'
  const outline = outlineOf(bytes)
  return OUTLINES.find(([pattern]) => outline && pattern.test(outline))?.[1]
}

class NotDer extends Error {}

function outlineOf(bytes: Uint8Array): string | undefined {
  try {
    const file = new DerReader(bytes, () => {
      throw new NotDer()
    })
    const children = tagsOf(file.enter(0x30), (first) => `(${tagsOf(first, () => '')})`)
    file.end()
    return children
  } catch (error) {
    if (error instanceof NotDer) return undefined
    throw error
  }
}

function tagsOf(reader: DerReader, describeFirst: (inside: DerReader) => string): string {
  let outline = ''
  // A dozen is more than any of the outlines has, the version 1 certificate's inside included.
  for (let count = 0; count < 12 && reader.nextTag !== undefined; count++) {
    const { tag, content } = reader.take()
    outline += tag.toString(16).padStart(2, '0')
    if (count === 0 && tag === 0x30) outline += describeFirst(reader.inside(content))
  }
  return outline
}
