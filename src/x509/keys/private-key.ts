import { createPrivateKey, getCipherInfo, type KeyObject } from 'node:crypto'
import { RolesAnywhereError } from '../../errors.js'
import type { Secret } from '../../secret.js'
import { DerReader } from '../der.js'
import { derKind } from '../formats/der-kind.js'
import { DerivationBudget, isGiven, legacyPemDerivation } from './key-derivation.js'
import { unusable } from '../named-bytes.js'
import { isWellFormedMlDsa } from './ml-dsa.js'
import { cipherUnsupported, decipher, decryptPrivateKeyInfo, type PbeContext } from './pbe.js'

/** A private key as a file holds it. */
export type EncodedKey =
  | { readonly form: 'plain' | 'pkcs8-encrypted'; readonly der: Uint8Array }
  /** PEM of the time before PKCS#8; `dekInfo` is the value of its `DEK-Info` header. */
  | { readonly form: 'legacy-encrypted'; readonly der: Uint8Array; readonly dekInfo: string }

/**
 * Opens a private key: PKCS#8, PKCS#1 or SEC1, plain or encrypted.
 *
 * @param name What messages call the file, for example `private key "/x/tls.key"`.
 * @param budget Shared by the keys of one file, so that their derivations do not add up.
 * @throws RolesAnywhereError `ERR_RA_KEY_ENCRYPTED` when it needs a passphrase,
 *   `ERR_RA_PASSPHRASE_WRONG`, `ERR_RA_KEY_CIPHER_UNSUPPORTED`, `ERR_RA_KEY_UNSUPPORTED` when this
 *   version of Node cannot hold such a key, and `ERR_RA_KEY_INVALID` for anything malformed.
 */
export async function openPrivateKey(
  key: EncodedKey,
  name: string,
  passphrase: Secret | undefined,
  budget = new DerivationBudget(),
): Promise<KeyObject> {
  if (key.form === 'plain') return plainKey(key.der, name)
  if (!isGiven(passphrase)) throw passphraseMissing(name)
  const der = await decrypt(key, passphrase, { name, budget })
  // A stream cipher has no padding that could tell, and one wrong key in 256 leaves good padding.
  if (!der || !isPrivateKey(der)) throw passphraseWrong(name)
  return plainKey(der, name)
}

/** The error for a key that needs a passphrase when none was given. */
export const passphraseMissing = (name: string): RolesAnywhereError =>
  new RolesAnywhereError(
    'ERR_RA_KEY_ENCRYPTED',
    `${name}: is encrypted, and no passphrase is set`,
    {
      hint: 'pass --private-key-passphrase-file or set ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE; an empty one counts as none',
    },
  )

/** The error for a passphrase that does not open the key. */
export const passphraseWrong = (name: string): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_PASSPHRASE_WRONG', `${name}: the passphrase is wrong`, {
    hint: 'check the file of --private-key-passphrase-file, or ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE',
  })

async function decrypt(
  key: Exclude<EncodedKey, { form: 'plain' }>,
  passphrase: Secret,
  context: PbeContext,
): Promise<Buffer | undefined> {
  const { name } = context
  if (key.form === 'legacy-encrypted') return decryptLegacy(key, name, passphrase)
  const outer = new DerReader(key.der, (problem) => {
    throw keyInvalid(name, problem)
  })
  const inside = outer.enter(0x30)
  outer.end()
  return decryptPrivateKeyInfo(inside, passphrase, context)
}

async function decryptLegacy(
  key: { readonly der: Uint8Array; readonly dekInfo: string },
  name: string,
  passphrase: Secret,
): Promise<Buffer | undefined> {
  const [, cipher = '', ivHex = ''] = /^([A-Z0-9-]{1,40}),([0-9A-F]+)$/i.exec(key.dekInfo) ?? []
  const iv = Buffer.from(ivHex, 'hex')
  const info = cipher === '' ? undefined : getCipherInfo(cipher.toLowerCase())
  if (!info || !['cbc', 'cfb', 'ofb'].includes(info.mode)) {
    throw cipherUnsupported({ name }, cipher === '' ? 'an unnamed cipher' : cipher)
  }
  if (iv.length !== info.ivLength || iv.length < 8) {
    throw keyInvalid(name, 'has a malformed DEK-Info header')
  }
  const secret = await legacyPemDerivation(iv)(passphrase, info.keyLength)
  return decipher({ name, cipher: info.name }, secret, iv, key.der)
}

function plainKey(der: Uint8Array, name: string): KeyObject {
  const type = NODE_TYPES[derKind(der) ?? ''] ?? 'pkcs8'
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type })
  } catch (cause) {
    if (isWellFormedMlDsa(der)) {
      throw new RolesAnywhereError(
        'ERR_RA_KEY_UNSUPPORTED',
        `${name}: is an ML-DSA key, which this version of Node does not know`,
        { hint: 'run it with Node 24.6 or newer', cause },
      )
    }
    throw keyInvalid(name, 'is not a usable private key', cause)
  }
}

/** The error for a key that is malformed, or that asks for more work than is allowed. */
const keyInvalid = (name: string, problem: string, cause?: unknown): RolesAnywhereError =>
  unusable('ERR_RA_KEY_INVALID', name, problem, MAKE_KEY_AGAIN, cause)

const MAKE_KEY_AGAIN =
  'copy the key again, or write it anew with `openssl pkey -in KEY -aes256 -out NEW.pem`'

const NODE_TYPES: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1'>> = {
  'PKCS#8 private key': 'pkcs8',
  'PKCS#1 private key': 'pkcs1',
  'SEC1 private key': 'sec1',
}

const isPrivateKey = (der: Uint8Array): boolean => NODE_TYPES[derKind(der) ?? ''] !== undefined
