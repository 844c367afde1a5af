import { type KeyObject, randomBytes } from 'node:crypto'
import { generatePrivateKey, type KeyType } from './key-types.js'

/** Everything about a certificate that is not decided by its parameters. Tests pass their own. */
export interface Randomness {
  /** That many unpredictable octets. */
  bytes(count: number): Buffer
  /** A new private key. */
  privateKey(keyType: KeyType): Promise<KeyObject>
}

/** Randomness from node's cryptographic generator. */
export const systemRandomness: Randomness = {
  bytes: (count) => randomBytes(count),
  privateKey: generatePrivateKey,
}

/**
 * A new serial number: 158 random bits below the bits 01, so that it is positive and always takes
 * exactly the 20 octets that are the most allowed.
 *
 * @returns lower case hexadecimal, 40 digits.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2
 */
export function newSerialNumber(random: Randomness): string {
  const octets = random.bytes(20)
  octets.writeUInt8((octets.readUInt8(0) & 0x3f) | 0x40, 0)
  return octets.toString('hex')
}
