import { createHash, type KeyObject, verify } from 'node:crypto'
import { CK } from './cryptoki.js'

/** What a token must be told to sign, and what its answer means, for one type of key. */
export interface Mechanism {
  readonly mechanism: number
  /** Bytes that go to the token. */
  input(message: Uint8Array): Buffer
  /** The signature as the service wants it. */
  output(signature: Buffer): Buffer
}

/** DER of DigestInfo for SHA-256, up to the hash itself (RFC 8017, 9.2, note 1). */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex')

const sha256 = (message: Uint8Array): Buffer => createHash('sha256').update(message).digest()

/** By `KeyObject.asymmetricKeyType`. The token never sees the message, only its hash. */
export const MECHANISMS: Readonly<Partial<Record<string, Mechanism>>> = {
  rsa: {
    // And not CKM_SHA256_RSA_PKCS: every token has this one.
    mechanism: CK.CKM_RSA_PKCS,
    input: (message) => Buffer.concat([SHA256_PREFIX, sha256(message)]),
    output: (signature) => Buffer.from(signature),
  },
  ec: {
    mechanism: CK.CKM_ECDSA,
    input: sha256,
    output: derOfEcdsa,
  },
}

/**
 * An ECDSA signature as DER. Tokens give r and s one after the other, each as long as the order of
 * the curve.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3
 */
export function derOfEcdsa(signature: Buffer): Buffer {
  const half = signature.length / 2
  const body = Buffer.concat([
    integer(signature.subarray(0, half)),
    integer(signature.subarray(half)),
  ])
  return Buffer.concat([header(0x30, body.length), body])
}

function integer(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? Buffer.from([0]) : bytes.subarray(start)
  // Positive: the first bit is the sign.
  const sign = (digits[0] ?? 0) >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0)
  return Buffer.concat([header(0x02, sign.length + digits.length), sign, digits])
}

/** Tag and length; no signature is longer than 255 bytes. */
const header = (tag: number, length: number): Buffer =>
  Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x81, length])

/** Whether a signature is the public key's own. */
export const isSignedBy = (publicKey: KeyObject, message: Uint8Array, signature: Buffer): boolean =>
  verify('sha256', message, publicKey, signature)
