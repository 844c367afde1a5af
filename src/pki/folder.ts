import { createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { RolesAnywhereError } from '../errors.js'
import type { CertifiedKey } from './certificate.js'
import { EMPTY_INDEX, findByName, parseIndex, type PkiIndex, ROOT_NAME } from './pki-index.js'
import { readTextFile } from './read-file.js'

/** Where one CA's files are. */
export interface AuthorityPaths {
  readonly certificate: string
  readonly privateKey: string
  readonly crl: string
}

/** A CA as it is used: with its key, and with what its certificates need to be verified. */
export interface Authority extends CertifiedKey {
  readonly name: string
  /** This CA and those above it, the root left out. Empty for the root. */
  readonly chain: readonly X509Certificate[]
}

/** Where the CA keeps its index. */
export const indexPath = (directory: string): string => join(directory, 'index.json')

/** Every folder that the files of a CA are in. */
export const foldersOf = (directory: string): readonly string[] => [
  directory,
  join(directory, 'intermediates'),
  join(directory, 'issued'),
]

/** Files of the root, or of an intermediate by its name. */
export function authorityPaths(directory: string, name: string): AuthorityPaths {
  if (name === ROOT_NAME) {
    return {
      certificate: join(directory, 'ca.pem'),
      privateKey: join(directory, 'ca.key'),
      crl: join(directory, 'crl.pem'),
    }
  }
  const stem = join(directory, 'intermediates', name)
  return { certificate: `${stem}.pem`, privateKey: `${stem}.key`, crl: `${stem}.crl.pem` }
}

/** Files of an end-entity certificate, by its name. */
export function endEntityPaths(
  directory: string,
  name: string,
): { readonly [file in 'certificate' | 'chain' | 'privateKey' | 'pkcs12']: string } {
  const stem = join(directory, 'issued', name)
  return {
    certificate: `${stem}.pem`,
    chain: `${stem}.chain.pem`,
    privateKey: `${stem}.key`,
    pkcs12: `${stem}.p12`,
  }
}

const MAX_NAME_CHARACTERS = 64

/**
 * Checks the name of a certificate before it becomes a file's.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID`.
 */
export function checkName(name: string): void {
  const plain = /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && name.length <= MAX_NAME_CHARACTERS
  // The last two would collide with the chain or the revocation list of another name.
  // Windows takes these for devices, whatever follows the first dot.
  const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name)
  if (plain && !device && name !== ROOT_NAME && !/\.(?:chain|crl)$/i.test(name)) return
  throw new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', 'name cannot be used for files', {
    hint:
      `use up to ${MAX_NAME_CHARACTERS} letters, digits, ".", "_" and "-", beginning with a letter or ` +
      'digit; not "ca", no device of Windows, and not ending in .chain or .crl',
  })
}

/**
 * What the CA in this folder has signed.
 *
 * @throws RolesAnywhereError `ERR_RA_PKI_INVALID` when there is no CA or its index is damaged,
 *   `ERR_RA_FILE_UNREADABLE`.
 */
export async function readIndex(directory: string): Promise<PkiIndex> {
  const path = indexPath(directory)
  const text = await readTextFile(path)
  if (text !== undefined) return parseIndex(text, path)
  // A CA that another tool made has signed nothing that this one knows of.
  await requireText(authorityPaths(directory, ROOT_NAME).certificate, noAuthority(directory))
  return EMPTY_INDEX
}

/**
 * Loads the root or an intermediate, checked against the CA above it.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` for an unknown intermediate,
 *   `ERR_RA_PKI_INVALID` when its files are missing, damaged or do not belong together,
 *   `ERR_RA_FILE_UNREADABLE`.
 *
 * @param options `allowRevoked`: a revoked CA may still sign its revocation list.
 */
export async function readAuthority(
  directory: string,
  index: PkiIndex,
  name: string,
  { allowRevoked = false } = {},
): Promise<Authority> {
  if (name !== ROOT_NAME) requireIntermediate(directory, index, name)
  const paths = authorityPaths(directory, name)
  const certificate = await readCertificate(directory, name)
  const privateKey = parse(
    paths.privateKey,
    createPrivateKey,
    await readPart(directory, paths.privateKey),
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw invalid(`private key "${paths.privateKey}" does not belong to "${paths.certificate}"`)
  }
  return {
    name,
    certificate,
    privateKey,
    chain: await chainOf(directory, index, name, certificate, allowRevoked),
  }
}

/** More than path lengths allow: a damaged index must not send the search in circles. */
const MAX_DEPTH = 8

/** From this CA up to the root, each verified with the next one's key. */
async function chainOf(
  directory: string,
  index: PkiIndex,
  name: string,
  certificate: X509Certificate,
  allowRevoked: boolean,
  depth = 1,
): Promise<readonly X509Certificate[]> {
  if (name === ROOT_NAME) return []
  if (depth > MAX_DEPTH) throw invalid(`intermediate "${name}" is too far from the root`)
  const entry = requireIntermediate(directory, index, name)
  if (entry.serialNumber !== certificate.serialNumber.toLowerCase()) {
    throw invalid(`intermediate "${name}" is not the one in the index`)
  }
  if (entry.revokedAt && !allowRevoked) throw invalid(`intermediate "${name}" is revoked`)
  const above = await readCertificate(directory, entry.issuer)
  if (!certificate.checkIssued(above) || !certificate.verify(above.publicKey)) {
    throw invalid(`intermediate "${name}" was not signed by "${entry.issuer}" as it is now`)
  }
  return [
    certificate,
    ...(await chainOf(directory, index, entry.issuer, above, allowRevoked, depth + 1)),
  ]
}

function requireIntermediate(
  directory: string,
  index: PkiIndex,
  name: string,
): NonNullable<ReturnType<typeof findByName>> {
  const entry = findByName(index, 'intermediate', name)
  if (entry) return entry
  const known = index.certificates.filter(({ kind }) => kind === 'intermediate')
  const names = [...new Set(known.map((intermediate) => intermediate.name))]
  throw new RolesAnywhereError(
    'ERR_RA_ARGUMENT_INVALID',
    `unknown issuer: there is no such intermediate in "${directory}"`,
    { hint: names.length > 0 ? `known are ${names.join(', ')}` : 'make it with: pki intermediate' },
  )
}

async function readCertificate(directory: string, name: string): Promise<X509Certificate> {
  const path = authorityPaths(directory, name).certificate
  return parse(path, (pem) => new X509Certificate(pem), await readPart(directory, path))
}

const readPart = (directory: string, path: string): Promise<string> =>
  requireText(path, noAuthority(directory, path))

async function requireText(path: string, missing: RolesAnywhereError): Promise<string> {
  const text = await readTextFile(path)
  if (text === undefined) throw missing
  return text
}

function parse<T>(path: string, read: (pem: string) => T, pem: string): T {
  try {
    return read(pem)
  } catch (cause) {
    throw invalid(`file "${path}" is damaged`, cause)
  }
}

function noAuthority(directory: string, missing?: string): RolesAnywhereError {
  const what = missing === undefined ? '' : `: "${missing}" is missing`
  return new RolesAnywhereError('ERR_RA_PKI_INVALID', `no usable CA in "${directory}"${what}`, {
    hint: 'make one with: rolesanywhere pki init, or name its folder with --directory',
  })
}

function invalid(message: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_PKI_INVALID', message, {
    cause,
    hint: 'make it again with --force',
  })
}
