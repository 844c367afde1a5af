import { generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import { RolesAnywhereError } from '../errors.js'

/** How one key type is made and how it signs. */
export interface KeyTypeRow {
  /** Makes a new pair on node's thread pool. */
  readonly generate: () => Promise<KeyObject>
  /** Whether a key that was read from a file is of this type. */
  readonly matches: (key: KeyObject) => boolean
  /** Parameters for importing the private key and for signing with it, in Web Crypto's terms. */
  readonly algorithm: webcrypto.Algorithm & { readonly hash: string; readonly namedCurve?: string }
}

const generate = promisify(generateKeyPair)

const elliptic = (namedCurve: string, curve: string, hash: string): KeyTypeRow => ({
  generate: async () => (await generate('ec', { namedCurve: curve })).privateKey,
  matches: (key) =>
    key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve,
  algorithm: { name: 'ECDSA', namedCurve, hash },
})

const rsa = (modulusLength: number): KeyTypeRow => ({
  generate: async () => (await generate('rsa', { modulusLength })).privateKey,
  matches: (key) =>
    key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === modulusLength,
  algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
})

const TABLE = {
  'ec-p256': elliptic('P-256', 'prime256v1', 'SHA-256'),
  'ec-p384': elliptic('P-384', 'secp384r1', 'SHA-384'),
  'rsa-2048': rsa(2048),
  'rsa-3072': rsa(3072),
  'rsa-4096': rsa(4096),
} as const satisfies Record<string, KeyTypeRow>

/** Name of a key type that the development CA makes. */
export type KeyType = keyof typeof TABLE

/** Every {@link KeyType}; the first is the default. */
export const KEY_TYPES: readonly KeyType[] = [
  'ec-p256',
  'ec-p384',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
]

/** The key type of that name, if there is one. */
export function keyTypeNamed(name: string): KeyType | undefined {
  return KEY_TYPES.find((keyType) => keyType === name)
}

/** A new private key; the public one is derived from it. */
export async function generatePrivateKey(keyType: KeyType): Promise<KeyObject> {
  return TABLE[keyType].generate()
}

/**
 * How a private key signs certificates and CRLs: SHA-256, or SHA-384 for P-384.
 *
 * @throws RolesAnywhereError `ERR_RA_KEY_UNSUPPORTED` for a key of no {@link KeyType}.
 */
export function signingAlgorithmOf(privateKey: KeyObject): KeyTypeRow['algorithm'] {
  const row = Object.values(TABLE).find((candidate) => candidate.matches(privateKey))
  if (row) return row.algorithm
  throw new RolesAnywhereError(
    'ERR_RA_KEY_UNSUPPORTED',
    `certificate authority has an unsupported private key type "${privateKey.asymmetricKeyType}"`,
    { hint: `use one of ${KEY_TYPES.join(', ')}` },
  )
}
