import { type KeyObject, X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import type { Secret } from '../secret.js'
import { orderChain } from './chain.js'
import { type DeviceKey, isDeviceKey } from './device-key.js'
import { readFileContents } from './formats/file-contents.js'
import type { Identity } from './identity.js'
import { CODES, type FileRole, type NamedBytes, unusable } from './named-bytes.js'
import { openPkcs12 } from './formats/pkcs12.js'
import { DerivationBudget } from './keys/key-derivation.js'
import { type EncodedKey, openPrivateKey } from './keys/private-key.js'

/** The files of one identity, already read. Formats are told by content. */
export interface IdentityInput {
  /** PEM with or without the chain and the key, DER, or PKCS#12. */
  readonly certificate: NamedBytes
  /** Absent means that the key is in the certificate's own file. */
  readonly privateKey?: NamedBytes | DeviceKey
  /** More certificates for the chain, in any order. */
  readonly intermediates?: NamedBytes
  /** For an encrypted key or a PKCS#12 file. Ignored where nothing is encrypted. */
  readonly passphrase?: Secret
}

/**
 * Reads an identity: finds the end-entity certificate by its key, and puts the chain in order.
 * Whether the service would accept the certificate is for {@link checkIdentity} to say.
 *
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_UNREADABLE`, `ERR_RA_CERTIFICATE_INVALID`,
 *   `ERR_RA_CERTIFICATE_MISSING`, the same three with `KEY`, `ERR_RA_KEY_ENCRYPTED`,
 *   `ERR_RA_PASSPHRASE_WRONG`, `ERR_RA_KEY_CIPHER_UNSUPPORTED`, `ERR_RA_KEY_UNSUPPORTED`,
 *   `ERR_RA_PKCS12_INVALID`, and `ERR_RA_KEY_MISMATCH` when no certificate belongs to the key.
 */
export async function readIdentity(input: IdentityInput): Promise<Identity> {
  const { certificate: file, privateKey: keyFile, passphrase } = input
  const own = await openFile(file, 'certificate', passphrase)
  const certificates = requireCertificates(own)
  const keys = await keysOf(keyFile, own, passphrase)
  const { certificate, privateKey } = matchingPair(certificates, keys, file, keyFile)

  const extra = input.intermediates
    ? requireCertificates(await openFile(input.intermediates, 'certificate', passphrase))
    : []
  const { chain, unconnected } = orderChain(certificate, [...certificates, ...extra])
  const warnings = unconnected.map(
    ({ subject }) => `certificate "${oneLine(subject)}" is not part of the chain and was left out`,
  )
  const names = { certificate: file.name, privateKey: keyFile?.name ?? file.name }
  return { certificate, privateKey, chain, names, ...(warnings.length > 0 ? { warnings } : {}) }
}

/**
 * All certificates of one file, in its order.
 *
 * @param passphrase For a PKCS#12 file.
 * @throws RolesAnywhereError as {@link readIdentity} does for its certificate file.
 */
export async function readCertificates(
  file: NamedBytes,
  passphrase?: Secret,
): Promise<X509Certificate[]> {
  return requireCertificates(await openFile(file, 'certificate', passphrase))
}

/**
 * All private keys of one file, in its order.
 *
 * @param isKeyFile Whether it was given for its key, and not as the certificate; words the hint.
 * @throws RolesAnywhereError as {@link readIdentity} does for its private key file.
 */
export async function readPrivateKeys(
  file: NamedBytes,
  passphrase?: Secret,
  isKeyFile = true,
): Promise<KeyObject[]> {
  return openKeys(await openFile(file, 'privateKey', passphrase), isKeyFile, passphrase)
}

// Node gives one attribute a line, control characters escaped, and `undefined` for an empty subject.
const oneLine = (subject: string | undefined): string => (subject ?? '').replaceAll('\n', ', ')

/** A file that is open as far as it can be without knowing whether its key is wanted. */
interface OpenFile {
  readonly name: string
  readonly certificates: readonly Uint8Array[]
  readonly keys: readonly EncodedKey[]
  readonly others: readonly string[]
}

async function openFile(
  file: NamedBytes,
  role: FileRole,
  passphrase: Secret | undefined,
): Promise<OpenFile> {
  const contents = readFileContents(file, role)
  if (!contents.pkcs12) return { name: file.name, ...contents }
  const { certificates, keys } = await openPkcs12(file, passphrase)
  const plain = keys.map((der): EncodedKey => ({ form: 'plain', der }))
  return { name: file.name, certificates, keys: plain, others: [] }
}

function requireCertificates(file: OpenFile): X509Certificate[] {
  if (file.certificates.length === 0) throw missing(file, 'certificate')
  return file.certificates.map((der) => {
    try {
      return new X509Certificate(der)
    } catch (cause) {
      const problem = 'holds something that is not an X.509 certificate'
      const hint = 'copy the file again, whole, from where it was issued'
      throw unusable(CODES.certificate.invalid, file.name, problem, hint, cause)
    }
  })
}

async function keysOf(
  source: IdentityInput['privateKey'],
  own: OpenFile,
  passphrase: Secret | undefined,
): Promise<readonly Identity['privateKey'][]> {
  if (source === undefined) return openKeys(own, false, passphrase)
  if (isDeviceKey(source)) return [source]
  return openKeys(await openFile(source, 'privateKey', passphrase), true, passphrase)
}

async function openKeys(
  file: OpenFile,
  isKeyFile: boolean,
  passphrase: Secret | undefined,
): Promise<KeyObject[]> {
  if (file.keys.length === 0) throw missing(file, 'privateKey', isKeyFile)
  if (file.keys.length > MAX_KEYS) {
    const problem = `holds more than ${MAX_KEYS} private keys`
    throw unusable(CODES.privateKey.invalid, file.name, problem, 'give a file with one key')
  }
  const keys: KeyObject[] = []
  const budget = new DerivationBudget()
  // One after the other: a file full of costly derivations must not take all threads at once.
  for (const key of file.keys) keys.push(await openPrivateKey(key, file.name, passphrase, budget))
  return keys
}

/** More than any file has a reason to hold. */
const MAX_KEYS = 10

function missing(file: OpenFile, role: FileRole, isKeyFile = true): RolesAnywhereError {
  const wanted = role === 'certificate' ? 'certificate' : 'private key'
  const present = [
    ...(file.certificates.length > 0 ? ['a certificate'] : []),
    ...(file.keys.length > 0 ? ['a private key'] : []),
    ...new Set(file.others.map((other) => `${/^[AEIO]/.test(other) ? 'an' : 'a'} ${other}`)),
  ]
  const instead = present.length > 0 ? `, only ${present.join(', ')}` : ''
  const problem = `holds no ${wanted}${instead}`
  return unusable(CODES[role].missing, file.name, problem, hintFor(file, role, isKeyFile))
}

function hintFor(file: OpenFile, role: FileRole, isKeyFile: boolean): string {
  if (file.others.includes('PKCS#7 file')) return 'convert it with `openssl pkcs7 -print_certs`'
  if (file.others.includes('OpenSSH private key')) return 'convert it with `ssh-keygen -p -m PKCS8`'
  if (role === 'privateKey' && !isKeyFile) return 'pass --private-key'
  const [twin, own] =
    role === 'certificate'
      ? [file.keys, 'give the certificate that the CA issued']
      : [file.certificates, 'give the private key that the certificate request was made with']
  return twin.length > 0 ? 'check that --certificate and --private-key are not swapped' : own
}

function matchingPair(
  certificates: readonly X509Certificate[],
  keys: readonly Identity['privateKey'][],
  file: NamedBytes,
  keyFile: { readonly name: string } | undefined,
): Pick<Identity, 'certificate' | 'privateKey'> {
  const pairs = keys.flatMap((privateKey) =>
    certificates
      .filter((certificate) => belongsTo(certificate, privateKey))
      .map((certificate) => ({ certificate, privateKey })),
  )
  // A file may keep the certificate that this one renewed.
  const [pair] = pairs.sort(
    (a, b) => Date.parse(b.certificate.validTo) - Date.parse(a.certificate.validTo),
  )
  if (pair) return pair
  const message = keyFile
    ? `${keyFile.name} does not belong to ${file.name}`
    : `${file.name}: the private key in it does not belong to any certificate in it`
  throw new RolesAnywhereError('ERR_RA_KEY_MISMATCH', message, {
    hint: 'use the key that the certificate request was made with, or have a new certificate issued',
  })
}

function belongsTo(certificate: X509Certificate, privateKey: Identity['privateKey']): boolean {
  try {
    if (isDeviceKey(privateKey)) return certificate.publicKey.equals(privateKey.publicKey)
    return certificate.checkPrivateKey(privateKey)
  } catch {
    // The certificate has a kind of key that this version of Node does not know: not this one.
    return false
  }
}

export type { NamedBytes }
