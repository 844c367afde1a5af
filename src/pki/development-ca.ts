import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import type { Secret } from '../secret.js'
import type { AltName } from './alt-names.js'
import {
  type CertifiedKey,
  createIntermediate,
  createRoot,
  issueCertificate,
  wholeSeconds,
} from './certificate.js'
import {
  type Authority,
  authorityPaths,
  checkName,
  endEntityPaths,
  foldersOf,
  indexPath,
  readAuthority,
  readIndex,
} from './folder.js'
import type { KeyType } from './key-types.js'
import { clearLeftovers } from './leftovers.js'
import { withLock } from './lock.js'
import { toPkcs12 } from './pkcs12.js'
import { EMPTY_INDEX, formatIndex, type IndexEntry, type PkiIndex, ROOT_NAME } from './pki-index.js'
import { type Randomness, systemRandomness } from './randomness.js'
import type { SubjectAttribute } from './subject.js'
import { type FileChange, makeFolder, requireAbsent, writeFiles } from './write-files.js'

/** The folder of a development CA, and the world around it. */
export interface CaContext {
  readonly directory: string
  readonly clock: Clock
  /** Default {@link systemRandomness}. */
  readonly random?: Randomness
}

/** What every new certificate of the folder needs. */
export interface NewCertificate {
  readonly keyType?: KeyType
  /** How long it is valid from now on. Cut at the end of its issuer. */
  readonly validityMs: number
  /** Files of the same name give way. */
  readonly force?: boolean
}

/** Input of {@link initializeCa}. */
export interface NewRoot extends NewCertificate {
  readonly commonName: string
}

/** Input of {@link addIntermediate}. */
export interface NewIntermediate extends NewCertificate {
  readonly name: string
  /** Name of an intermediate; default the root. */
  readonly issuer?: string
}

/** Input of {@link issueEndEntity}. */
export interface NewEndEntity extends NewIntermediate {
  readonly subject: readonly SubjectAttribute[]
  readonly altNames?: readonly AltName[]
  readonly serverAuth?: boolean
  /** Also write a PKCS#12 file under this passphrase. */
  readonly pkcs12Passphrase?: Secret
}

/** What a run left behind. */
export interface Written {
  /** Files made or replaced, the most interesting first. */
  readonly paths: readonly string[]
  readonly certificate: X509Certificate
  /** Issuer of `certificate` first; without the root. */
  readonly chain: readonly X509Certificate[]
  /** The issuer ends first, so the certificate is valid for less than was asked for. */
  readonly shortened: boolean
}

/**
 * Makes the root in the folder, which is created if need be.
 *
 * @throws RolesAnywhereError `ERR_RA_FILE_EXISTS` when there is a CA already and `force` is not set,
 *   `ERR_RA_ARGUMENT_INVALID`, `ERR_RA_FILE_UNWRITABLE`.
 */
export async function initializeCa(context: CaContext, params: NewRoot): Promise<Written> {
  const { directory, clock, random } = context
  const removeFolder = await makeFolder(directory)
  try {
    return await withCleanLock(directory, clock, async () => {
      const paths = authorityPaths(directory, ROOT_NAME)
      const replace = params.force ?? false
      await requireAbsent([...Object.values(paths), indexPath(directory)].map(at(replace)))
      const notBefore = wholeSeconds(clock.now())
      const notAfter = new Date(notBefore.getTime() + params.validityMs)
      const made = await createRoot({ ...params, notBefore, notAfter }, random)
      const changes = [
        ...certifiedFiles(paths, made, replace),
        indexFile(directory, EMPTY_INDEX, replace),
        // A list that the previous root signed would not verify any more.
        { path: paths.crl, content: undefined, replace },
      ]
      return { ...(await write(context, changes)), ...made, chain: [], shortened: false }
    })
  } catch (error) {
    // A folder that holds something stays; why the run failed matters more.
    await removeFolder().catch(() => {})
    throw error
  }
}

/**
 * Makes an intermediate CA, named after its files.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` for a bad name or an unknown issuer,
 *   `ERR_RA_PKI_INVALID` when the CA or the issuer cannot sign, `ERR_RA_FILE_EXISTS`,
 *   `ERR_RA_FILE_UNREADABLE`, `ERR_RA_FILE_UNWRITABLE`.
 */
export async function addIntermediate(
  context: CaContext,
  params: NewIntermediate,
): Promise<Written> {
  const { directory, random } = context
  const { name, force: replace = false } = params
  checkName(name)
  return withCa(context, async (index) => {
    const issuer = await readAuthority(directory, index, params.issuer ?? ROOT_NAME)
    const paths = authorityPaths(directory, name)
    await requireAbsent(Object.values(paths).map(at(replace)))
    const { shortened, ...validity } = validityWithin(issuer, context, params)
    const made = await createIntermediate(
      { ...params, commonName: name, issuer, ...validity },
      random,
    )
    const changes = [
      ...certifiedFiles(paths, made, replace),
      indexFile(directory, withEntry(index, 'intermediate', name, issuer, made)),
      { path: paths.crl, content: undefined, replace },
    ]
    return { ...(await write(context, changes)), ...made, chain: issuer.chain, shortened }
  })
}

/**
 * Issues an end-entity certificate with a new key.
 *
 * @throws RolesAnywhereError as {@link addIntermediate}.
 */
export async function issueEndEntity(context: CaContext, params: NewEndEntity): Promise<Written> {
  const { directory, random } = context
  const { name, force: replace = false } = params
  checkName(name)
  return withCa(context, async (index) => {
    const issuer = await readAuthority(directory, index, params.issuer ?? ROOT_NAME)
    const paths = endEntityPaths(directory, name)
    await requireAbsent(Object.values(paths).map(at(replace)))
    const { shortened, ...validity } = validityWithin(issuer, context, params)
    const made = await issueCertificate({ ...params, issuer, ...validity }, random)
    const { chain } = issuer
    const { pkcs12Passphrase: passphrase } = params
    const changes = [
      ...certifiedFiles(paths, made, replace),
      { path: paths.chain, content: pem([made.certificate, ...chain]), replace },
      {
        path: paths.pkcs12,
        // Without a new one, an old one must not stay beside a key that is not in it.
        content:
          passphrase &&
          (await toPkcs12({ ...made, chain, friendlyName: name, passphrase }, random)),
        secret: true,
        replace,
      },
      indexFile(directory, withEntry(index, 'end-entity', name, issuer, made)),
    ]
    return { ...(await write(context, changes)), ...made, chain, shortened }
  })
}

/**
 * Runs `work` on the index of an existing CA while nobody else changes it.
 *
 * @throws RolesAnywhereError `ERR_RA_PKI_INVALID` when the folder holds no CA, or a damaged one.
 */
export async function withCa<T>(
  { directory, clock }: CaContext,
  work: (index: PkiIndex) => Promise<T>,
): Promise<T> {
  // Looked at first, so that a folder without a CA is told from one that cannot be locked.
  await readIndex(directory)
  return withCleanLock(directory, clock, async () => work(await readIndex(directory)))
}

/** As {@link withLock}, in a folder where no killed run has left anything. */
async function withCleanLock<T>(
  directory: string,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  return withLock(directory, clock, async () => {
    await clearLeftovers(foldersOf(directory))
    return work()
  })
}

/** Makes all changes or none, and says which files there are now. */
export async function write(
  { random = systemRandomness }: CaContext,
  changes: readonly FileChange[],
): Promise<{ readonly paths: readonly string[] }> {
  await writeFiles(changes, random.bytes(8).toString('hex'))
  return { paths: changes.flatMap(({ path, content }) => (content === undefined ? [] : [path])) }
}

/** The index, replacing the one that it was derived from. */
export function indexFile(directory: string, index: PkiIndex, replace = true): FileChange {
  return { path: indexPath(directory), content: formatIndex(index), replace }
}

const at =
  (replace: boolean) =>
  (path: string): Pick<FileChange, 'path' | 'replace'> => ({ path, replace })

function certifiedFiles(
  paths: { readonly certificate: string; readonly privateKey: string },
  { certificate, privateKey }: CertifiedKey,
  replace: boolean,
): readonly FileChange[] {
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  return [
    { path: paths.certificate, content: certificate.toString(), replace },
    { path: paths.privateKey, content: key, secret: true, replace },
  ]
}

const pem = (certificates: readonly X509Certificate[]): string =>
  certificates.map((certificate) => certificate.toString()).join('')

function withEntry(
  index: PkiIndex,
  kind: IndexEntry['kind'],
  name: string,
  issuer: Authority,
  { certificate }: CertifiedKey,
): PkiIndex {
  const entry: IndexEntry = {
    name,
    kind,
    issuer: issuer.name,
    serialNumber: certificate.serialNumber.toLowerCase(),
    notAfter: new Date(certificate.validTo),
  }
  return { ...index, certificates: [...index.certificates, entry] }
}

function validityWithin(
  issuer: Authority,
  { clock }: CaContext,
  { validityMs }: NewCertificate,
): { readonly notBefore: Date; readonly notAfter: Date; readonly shortened: boolean } {
  const notBefore = wholeSeconds(clock.now())
  const wantedMs = notBefore.getTime() + validityMs
  const lastMs = Date.parse(issuer.certificate.validTo)
  if (lastMs <= notBefore.getTime()) {
    throw new RolesAnywhereError('ERR_RA_PKI_INVALID', `issuer "${issuer.name}" has expired`, {
      hint: 'make it again with --force',
    })
  }
  if (Date.parse(issuer.certificate.validFrom) > notBefore.getTime()) {
    throw new RolesAnywhereError('ERR_RA_PKI_INVALID', `issuer "${issuer.name}" is not valid yet`, {
      hint: 'check the clock of this machine',
    })
  }
  return { notBefore, notAfter: new Date(Math.min(wantedMs, lastMs)), shortened: wantedMs > lastMs }
}
