import { createDecipheriv, getCipherInfo } from 'node:crypto'
import { RolesAnywhereError } from '../../errors.js'
import type { Secret } from '../../secret.js'
import { type DerReader, TAG } from '../der.js'
import {
  type Derivation,
  type DerivationBudget,
  PKCS12_PURPOSE,
  pbkdf2Derivation,
  pkcs12Derivation,
  scryptDerivation,
  spendPkcs12,
} from './key-derivation.js'
import { HMAC_DIGESTS, PBES1_SCHEMES, PBES2_CIPHERS, type Pbes1Scheme } from './pbe-ciphers.js'

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const SCRYPT = '1.3.6.1.4.1.11591.4.11'

/** Undoes RC2 in CBC mode, which `node:crypto` cannot; `undefined` when the padding is wrong. */
export type Rc2 = (key: Buffer, bits: number, iv: Buffer, data: Uint8Array) => Buffer | undefined

/** What the decryption of one file needs besides the algorithm. */
export interface PbeContext {
  /** Name of the file, for messages. */
  readonly name: string
  readonly budget: DerivationBudget
  /** Present where the file is PKCS#12. */
  readonly rc2?: Rc2
}

/** Decrypts with one passphrase; `undefined` when it turns out to be the wrong one. */
export type Decryption = (
  passphrase: Secret | undefined,
  ciphertext: Uint8Array,
) => Promise<Buffer | undefined>

/**
 * Reads the AlgorithmIdentifier of something that a passphrase encrypts: PBES2, or one of the
 * one-piece schemes of PKCS#12.
 *
 * @param algorithm Inside of the AlgorithmIdentifier. Its failure is used for what is malformed, and
 *   for parameters that ask for too much work.
 * @throws RolesAnywhereError `ERR_RA_KEY_CIPHER_UNSUPPORTED`, naming the cipher.
 * @see https://www.rfc-editor.org/rfc/rfc8018#section-6
 */
export function readPbe(algorithm: DerReader, context: PbeContext): Decryption {
  const oid = algorithm.oid()
  if (oid === PBES2) return readPbes2(algorithm.enter(TAG.sequence), context)
  const scheme = PBES1_SCHEMES.get(oid)
  if (!scheme) throw cipherUnsupported(context, oid)
  return readPbes1(scheme, algorithm.enter(TAG.sequence), context)
}

/** The error for a cipher that cannot be undone here; `cipher` is its name or object identifier. */
export function cipherUnsupported(
  context: Pick<PbeContext, 'name' | 'rc2'>,
  cipher: string,
  cause?: unknown,
): RolesAnywhereError {
  const convert = context.rc2
    ? 'openssl pkcs12 -legacy -in OLD.p12 -nodes -out NEW.pem'
    : 'openssl pkcs8 -topk8 -v2 aes-256-cbc -provider default -provider legacy -in OLD -out NEW'
  return new RolesAnywhereError(
    'ERR_RA_KEY_CIPHER_UNSUPPORTED',
    `${context.name}: is encrypted with ${cipher}, which is not supported`,
    { hint: `convert it with \`${convert}\``, ...(cause === undefined ? {} : { cause }) },
  )
}

/**
 * Reads PBKDF2's parameters, after its object identifier.
 *
 * @returns the derivation, and the key length that the parameters may name.
 */
export function readPbkdf2(
  parameters: DerReader,
  context: PbeContext,
): { readonly derive: Derivation; readonly keyBytes: number | undefined } {
  const salt = parameters.expect(TAG.octetString).content
  const iterations = parameters.count()
  const keyBytes = parameters.nextTag === TAG.integer ? parameters.count() : undefined
  // AWS ACM's export leaves the PRF out, which means HMAC with SHA-1.
  let digest: string | undefined = 'sha1'
  if (parameters.nextTag !== undefined) {
    const prf = parameters.enter(TAG.sequence).oid()
    digest = HMAC_DIGESTS.get(prf)
    if (!digest) throw cipherUnsupported(context, `PBKDF2 with the PRF ${prf}`)
  }
  parameters.end()
  context.budget.spend(iterations, (problem) => parameters.fail(problem))
  return { derive: pbkdf2Derivation(salt, iterations, digest), keyBytes }
}

function readPbes2(parameters: DerReader, context: PbeContext): Decryption {
  const kdf = parameters.enter(TAG.sequence)
  const encryption = parameters.enter(TAG.sequence)
  parameters.end()

  const oid = encryption.oid()
  const cipher = PBES2_CIPHERS.get(oid)
  const info = cipher?.node === undefined ? undefined : getCipherInfo(cipher.node)
  if (!info) throw cipherUnsupported(context, cipher?.name ?? oid)
  const iv = encryption.optional(TAG.octetString)?.content ?? Buffer.alloc(0)
  if (iv.length !== (info.ivLength ?? 0)) encryption.fail('has an IV of the wrong length')

  const { derive, keyBytes } = readKdf(kdf, context)
  if (keyBytes !== undefined && keyBytes !== info.keyLength) {
    kdf.fail('derives a key of the wrong length')
  }
  return async (passphrase, ciphertext) => {
    const key = await derive(passphrase, info.keyLength)
    return decipher({ ...context, cipher: info.name }, key, iv, ciphertext)
  }
}

function readKdf(kdf: DerReader, context: PbeContext): ReturnType<typeof readPbkdf2> {
  const oid = kdf.oid()
  if (oid === PBKDF2) return readPbkdf2(kdf.enter(TAG.sequence), context)
  if (oid !== SCRYPT) throw cipherUnsupported(context, `the key derivation ${oid}`)
  const parameters = kdf.enter(TAG.sequence)
  const salt = parameters.expect(TAG.octetString).content
  const cost = { N: parameters.count(), r: parameters.count(), p: parameters.count() }
  const keyBytes = parameters.nextTag === TAG.integer ? parameters.count() : undefined
  parameters.end()
  const { N, r, p } = cost
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1) {
    parameters.fail('has malformed scrypt parameters')
  }
  const fail = (problem: string): never => parameters.fail(problem)
  return { derive: scryptDerivation(salt, cost, context.budget, fail), keyBytes }
}

function readPbes1(scheme: Pbes1Scheme, parameters: DerReader, context: PbeContext): Decryption {
  const salt = parameters.expect(TAG.octetString).content
  const iterations = parameters.count()
  parameters.end()
  const { node, rc2Bits, keyBytes } = scheme
  const { rc2 } = context
  const undoRc2 = rc2 && rc2Bits !== undefined
  if (node === undefined && !undoRc2) throw cipherUnsupported(context, scheme.name)

  const settings = { salt, iterations, digest: 'sha1' }
  const deriveKey = pkcs12Derivation(settings, PKCS12_PURPOSE.key)
  const deriveIv = pkcs12Derivation(settings, PKCS12_PURPOSE.iv)
  spendPkcs12(context.budget, 2 * iterations, (problem) => parameters.fail(problem))
  return async (passphrase, ciphertext) => {
    const key = await deriveKey(passphrase, keyBytes)
    const iv = await deriveIv(passphrase, 8)
    if (undoRc2) return rc2(key, rc2Bits, iv, ciphertext)
    // Two-key triple DES is three-key triple DES that starts again with the first key.
    const full = keyBytes === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key
    return decipher({ ...context, cipher: node ?? '' }, full, iv, ciphertext)
  }
}

/**
 * Undoes one cipher of `node:crypto`.
 *
 * @returns `undefined` when the padding says that the key is wrong.
 * @throws RolesAnywhereError `ERR_RA_KEY_CIPHER_UNSUPPORTED` when this build of Node lacks the cipher.
 */
export function decipher(
  context: Pick<PbeContext, 'name' | 'rc2'> & { readonly cipher: string },
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Buffer | undefined {
  const { cipher } = context
  let undo: ReturnType<typeof createDecipheriv>
  try {
    undo = createDecipheriv(cipher, key, iv.length === 0 ? null : iv)
  } catch (error) {
    throw cipherUnsupported(context, cipher, error)
  }
  try {
    return Buffer.concat([undo.update(ciphertext), undo.final()])
  } catch {
    // Bad padding: the caller says what a wrong passphrase means for this file.
    return undefined
  }
}

/**
 * Reads an EncryptedPrivateKeyInfo and decrypts it.
 *
 * @param outer Inside of its SEQUENCE.
 * @returns PKCS#8 DER, or `undefined` when the passphrase is wrong.
 * @see https://www.rfc-editor.org/rfc/rfc5958#section-3
 */
export async function decryptPrivateKeyInfo(
  outer: DerReader,
  passphrase: Secret | undefined,
  context: PbeContext,
): Promise<Buffer | undefined> {
  const decrypt = readPbe(outer.enter(TAG.sequence), context)
  const { content } = outer.expect(TAG.octetString)
  outer.end()
  return decrypt(passphrase, content)
}
