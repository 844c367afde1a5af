import { derKind } from './der-kind.js'
import {
  CODES,
  type FileRole,
  type NamedBytes,
  requireSaneSize,
  unusable,
  whatToGive,
} from '../named-bytes.js'
import { looksLikePem, type PemBlock, readPem } from './pem.js'
import type { EncodedKey } from '../keys/private-key.js'

/** What one file holds, still encoded, in the order of the file. */
export interface FileContents {
  readonly certificates: readonly Uint8Array[]
  readonly keys: readonly EncodedKey[]
  /** Present when the whole file is a PKCS#12 container. */
  readonly pkcs12?: Uint8Array
  /** What else is there, for the message when something is missed. */
  readonly others: readonly string[]
}

/**
 * Tells certificates, keys and containers apart by content, whatever the file is called.
 *
 * @param role What the file was given as; decides the code of an error.
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_UNREADABLE` or `ERR_RA_KEY_UNREADABLE` for anything
 *   that is not PEM, DER or PKCS#12, and `ERR_RA_CERTIFICATE_INVALID` or `ERR_RA_KEY_INVALID` for too
 *   large a file.
 */
export function readFileContents(file: NamedBytes, role: FileRole): FileContents {
  requireSaneSize(file, role)
  const fail = (problem: string, hint: string): never => {
    throw unusable(CODES[role].unreadable, file.name, problem, hint)
  }
  const { buffer, byteOffset, byteLength } = file.bytes
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  // One character for each byte: PEM is ASCII, and what stands around it may be in any encoding.
  const text = bytes.toString('latin1')
  if (looksLikePem(text)) return fromPem(readPem(text, (problem) => fail(problem, DAMAGED_PEM)))

  const kind = derKind(file.bytes)
  if (kind !== undefined) return fromDer(file.bytes, kind)
  if (looksLikePem(text.replaceAll('\0', ''))) {
    return fail('is UTF-16 text', 'save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`')
  }
  if (JAVA_KEY_STORES.includes(bytes.readUIntBE(0, Math.min(4, bytes.length)))) {
    return fail(
      'is a Java key store',
      'convert it with `keytool -importkeystore -deststoretype PKCS12`',
    )
  }
  if (BASE64.test(text)) return fail('is base64 of a file', 'decode it with `base64 -d`')
  return fail('is not PEM, DER or PKCS#12', whatToGive(role))
}

/** What files of the types JKS and JCEKS begin with. */
const JAVA_KEY_STORES: readonly number[] = [0xfeedfeed, 0xcececece]

/** What base64 of a PEM block, of a certificate or key, and of a PKCS#12 file begins with. */
const BASE64 = /^\s*(?:LS0tLS1CRUdJTi|MI[A-Za-z0-9+/]{30})[A-Za-z0-9+/=\s]*$/

const DAMAGED_PEM = 'copy the file again, whole, from where it was issued'

const NOTHING: FileContents = { certificates: [], keys: [], others: [] }

function fromDer(der: Uint8Array, kind: NonNullable<ReturnType<typeof derKind>>): FileContents {
  switch (kind) {
    case 'certificate':
      return { ...NOTHING, certificates: [der] }
    case 'PKCS#12 file':
      return { ...NOTHING, pkcs12: der }
    case 'PKCS#8 private key':
    case 'PKCS#1 private key':
    case 'SEC1 private key':
      return { ...NOTHING, keys: [{ form: 'plain', der }] }
    case 'encrypted private key':
      return { ...NOTHING, keys: [{ form: 'pkcs8-encrypted', der }] }
    case 'certificate request':
    case 'certificate revocation list':
    case 'public key':
    case 'PKCS#7 file':
      return { ...NOTHING, others: [kind] }
  }
}

const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE']
const KEY_LABELS = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

const OTHER_LABELS: Readonly<Record<string, string>> = {
  'CERTIFICATE REQUEST': 'certificate request',
  'NEW CERTIFICATE REQUEST': 'certificate request',
  'X509 CRL': 'certificate revocation list',
  'PUBLIC KEY': 'public key',
  'RSA PUBLIC KEY': 'public key',
  PKCS7: 'PKCS#7 file',
  CMS: 'PKCS#7 file',
  'OPENSSH PRIVATE KEY': 'OpenSSH private key',
  'DSA PRIVATE KEY': 'DSA private key',
  'TSS2 PRIVATE KEY': 'TPM private key',
}

function fromPem(blocks: readonly PemBlock[]): FileContents {
  const certificates: Uint8Array[] = []
  const keys: EncodedKey[] = []
  const others: string[] = []
  for (const { label, headers, der } of blocks) {
    if (CERTIFICATE_LABELS.includes(label)) certificates.push(der)
    else if (label === 'ENCRYPTED PRIVATE KEY') keys.push({ form: 'pkcs8-encrypted', der })
    else if (!KEY_LABELS.includes(label)) others.push(OTHER_LABELS[label] ?? `block "${label}"`)
    else if (/^4 *, *ENCRYPTED$/i.test(headers.get('proc-type') ?? '')) {
      keys.push({ form: 'legacy-encrypted', der, dekInfo: headers.get('dek-info') ?? '' })
    } else keys.push({ form: 'plain', der })
  }
  return { certificates, keys, others }
}
