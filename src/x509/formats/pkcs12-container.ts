import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../secret.js'
import { contextTag, type DerReader, TAG } from '../der.js'
import { HASHES } from '../hashes.js'
import { derKind } from './der-kind.js'
import {
  type Derivation,
  PKCS12_PURPOSE,
  pkcs12Derivation,
  spendPkcs12,
} from '../keys/key-derivation.js'
import { MAX_BLOCKS } from '../named-bytes.js'
import { decryptPrivateKeyInfo, type PbeContext, readPbe, readPbkdf2 } from '../keys/pbe.js'
import { HMAC_DIGESTS } from '../keys/pbe-ciphers.js'

/** What a container holds, in its own order. */
export interface Pkcs12Contents {
  /** DER of each certificate. */
  readonly certificates: readonly Uint8Array[]
  /** PKCS#8 DER of each private key. */
  readonly keys: readonly Uint8Array[]
}

/** What reading one container with one passphrase needs. */
export interface Pkcs12Context extends PbeContext {
  /** Reads BER, which containers may be written in, as DER. */
  readonly toDer: (ber: Uint8Array) => DerReader
}

/** The container was opened with the wrong passphrase. */
type Wrong = undefined

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const KEY_BAG = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const NESTED_BAGS = '1.2.840.113549.1.12.10.1.6'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const PBMAC1 = '1.2.840.113549.1.5.14'

/** Hashes that the derivation of PKCS#12 is defined for. */
const MAC_HASH = /^sha(?:1|224|256|384|512)/

/**
 * Reads a container with one passphrase: its MAC first, where there is one, then what is inside.
 *
 * @returns `undefined` when the passphrase is wrong.
 * @throws RolesAnywhereError as {@link openPkcs12} does.
 * @see https://www.rfc-editor.org/rfc/rfc7292#section-4
 */
export async function readPkcs12(
  bytes: Uint8Array,
  passphrase: Secret | undefined,
  context: Pkcs12Context,
): Promise<Pkcs12Contents | Wrong> {
  const pfx = context.toDer(bytes).enter(TAG.sequence)
  pfx.count()
  const authSafe = pfx.enter(TAG.sequence)
  if (authSafe.oid() !== DATA) pfx.fail('is protected by a public key, which is not supported')
  const content = octets(authSafe.enter(contextTag(0)))
  if (pfx.nextTag !== undefined) {
    const verify = readMac(pfx.enter(TAG.sequence), context)
    if (!(await verify(passphrase, content))) return undefined
  }

  const found = { certificates: [] as Uint8Array[], keys: [] as Uint8Array[] }
  const parts = context.toDer(content).enter(TAG.sequence)
  while (parts.nextTag !== undefined) {
    const part = await openPart(parts.enter(TAG.sequence), passphrase, context)
    if (!part) return undefined
    const bags = context.toDer(part).enter(TAG.sequence)
    if (!(await readBags(bags, passphrase, context, found))) return undefined
  }
  return found
}

/** The bytes of one ContentInfo, which hold bags. */
async function openPart(
  info: DerReader,
  passphrase: Secret | undefined,
  context: Pkcs12Context,
): Promise<Uint8Array | Wrong> {
  const type = info.oid()
  const content = info.enter(contextTag(0))
  if (type === DATA) return octets(content)
  if (type !== ENCRYPTED_DATA) {
    return info.fail('has a part for a public key, which is not supported')
  }
  const encrypted = content.enter(TAG.sequence)
  encrypted.count()
  const inner = encrypted.enter(TAG.sequence)
  inner.oid()
  const decrypt = readPbe(inner.enter(TAG.sequence), context)
  const plain = await decrypt(passphrase, octets(inner))
  return plain?.[0] === TAG.sequence ? plain : undefined
}

async function readBags(
  bags: DerReader,
  passphrase: Secret | undefined,
  context: Pkcs12Context,
  found: { readonly certificates: Uint8Array[]; readonly keys: Uint8Array[] },
): Promise<boolean> {
  while (bags.nextTag !== undefined) {
    if (found.certificates.length + found.keys.length === MAX_BLOCKS) {
      bags.fail(`holds more than ${MAX_BLOCKS} certificates and keys`)
    }
    const bag = bags.enter(TAG.sequence)
    const type = bag.oid()
    const value = bag.enter(contextTag(0))
    if (type === KEY_BAG) found.keys.push(value.expect(TAG.sequence).raw)
    else if (type === SHROUDED_KEY_BAG) {
      const key = await decryptPrivateKeyInfo(value.enter(TAG.sequence), passphrase, context)
      if (!key || derKind(key) !== 'PKCS#8 private key') return false
      found.keys.push(key)
    } else if (type === CERTIFICATE_BAG) {
      const certificate = value.enter(TAG.sequence)
      if (certificate.oid() !== X509_CERTIFICATE) continue
      found.certificates.push(octets(certificate.enter(contextTag(0))))
    } else if (type === NESTED_BAGS) {
      const nested = value.enter(TAG.sequence)
      if (!(await readBags(nested, passphrase, context, found))) return false
    }
    // Bags of revocation lists and of other secrets are not for us.
  }
  return true
}

type Verification = (passphrase: Secret | undefined, content: Uint8Array) => Promise<boolean>

function readMac(mac: DerReader, context: PbeContext): Verification {
  const digestInfo = mac.enter(TAG.sequence)
  const algorithm = digestInfo.enter(TAG.sequence)
  const expected = octets(digestInfo)
  const salt = octets(mac)
  const iterations = mac.nextTag === undefined ? 1 : mac.count()

  const oid = algorithm.oid()
  const { digest, derive, keyBytes } =
    oid === PBMAC1
      ? readPbmac1(algorithm.enter(TAG.sequence), context)
      : readClassicMac(oid, salt, iterations)
  if (oid !== PBMAC1) spendPkcs12(context.budget, iterations, (problem) => mac.fail(problem))
  return async (passphrase, content) => {
    const key = await derive(passphrase, keyBytes)
    const actual = createHmac(digest, key).update(content).digest()
    return actual.length === expected.length && timingSafeEqual(actual, expected)
  }

  function readClassicMac(oid: string, salt: Uint8Array, iterations: number): MacSettings {
    const digest = HASHES.get(oid) ?? ''
    if (!MAC_HASH.test(digest)) return mac.fail(`has a MAC with the unknown hash ${oid}`)
    const derive = pkcs12Derivation({ salt, iterations, digest }, PKCS12_PURPOSE.mac)
    return { digest, derive, keyBytes: createHmac(digest, '').digest().length }
  }
}

interface MacSettings {
  readonly digest: string
  readonly derive: Derivation
  readonly keyBytes: number
}

/** @see https://www.rfc-editor.org/rfc/rfc9579 */
function readPbmac1(parameters: DerReader, context: PbeContext): MacSettings {
  const kdf = parameters.enter(TAG.sequence)
  kdf.oid()
  const { derive, keyBytes } = readPbkdf2(kdf.enter(TAG.sequence), context)
  const hmac = parameters.enter(TAG.sequence).oid()
  const digest = HMAC_DIGESTS.get(hmac)
  if (!digest || keyBytes === undefined || keyBytes < 1 || keyBytes > 1024) {
    return parameters.fail('has a MAC that is not supported')
  }
  return { digest, derive, keyBytes }
}

/** An OCTET STRING, or one with an implicit tag; BER may have cut it into pieces. */
function octets(reader: DerReader): Uint8Array {
  const { tag, content } = reader.take()
  if ((tag & 0x20) === 0) return content
  const pieces: Uint8Array[] = []
  const inside = reader.inside(content)
  while (inside.nextTag !== undefined) pieces.push(octets(inside))
  return Buffer.concat(pieces)
}
