import { RolesAnywhereError } from '../errors.js'
import { createCrl } from './crl.js'
import { type CaContext, indexFile, withCa, write } from './development-ca.js'
import { authorityPaths, readAuthority } from './folder.js'
import { findByName, type IndexEntry, type PkiIndex, ROOT_NAME } from './pki-index.js'

/** Outcome of {@link revoke}. */
export interface Revoked {
  readonly entry: IndexEntry
  /** Nothing was changed: it had been revoked before. */
  readonly already: boolean
  readonly paths: readonly string[]
}

/**
 * Notes in the index that a certificate is revoked from now on.
 *
 * @param which Name of an end-entity certificate or intermediate, then the newest of that name; or a
 *   serial number in hexadecimal, with or without colons.
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` when that names no certificate, or two;
 *   `ERR_RA_PKI_INVALID`, `ERR_RA_FILE_UNREADABLE`, `ERR_RA_FILE_UNWRITABLE`.
 */
export async function revoke(context: CaContext, which: string): Promise<Revoked> {
  return withCa(context, async (index) => {
    const found = find(index, which)
    if (found.revokedAt) return { entry: found, already: true, paths: [] }
    const entry = { ...found, revokedAt: context.clock.now() }
    const certificates = index.certificates.map((other) => (other === found ? entry : other))
    const change = indexFile(context.directory, { ...index, certificates })
    return { entry, already: false, ...(await write(context, [change])) }
  })
}

/**
 * Writes the root's revocation list, and one for each intermediate that issued a revoked certificate.
 *
 * @param validityMs Until the next list is due.
 * @throws RolesAnywhereError `ERR_RA_PKI_INVALID`, `ERR_RA_FILE_UNREADABLE`, `ERR_RA_FILE_UNWRITABLE`.
 */
export async function writeCrls(
  context: CaContext,
  validityMs: number,
): Promise<{ readonly paths: readonly string[] }> {
  const { directory, clock } = context
  return withCa(context, async (index) => {
    const thisUpdate = clock.now()
    const nextUpdate = new Date(thisUpdate.getTime() + validityMs)
    const revoked = index.certificates.filter(({ revokedAt }) => revokedAt !== undefined)
    const crlNumbers: Record<string, number> = { ...index.crlNumbers }
    const changes = []
    for (const name of new Set([ROOT_NAME, ...revoked.map(({ issuer }) => issuer)])) {
      const issuer = await readAuthority(directory, index, name, { allowRevoked: true })
      const number = (crlNumbers[name] ?? 0) + 1
      crlNumbers[name] = number
      const revocations = revoked
        .filter((entry) => entry.issuer === name)
        .map(({ serialNumber, revokedAt = thisUpdate }) => ({ serialNumber, revokedAt }))
      const content = await createCrl({ issuer, revocations, number, thisUpdate, nextUpdate })
      changes.push({ path: authorityPaths(directory, name).crl, content, replace: true })
    }
    return write(context, [...changes, indexFile(directory, { ...index, crlNumbers })])
  })
}

function find(index: PkiIndex, which: string): IndexEntry {
  const named = (['end-entity', 'intermediate'] as const).flatMap((kind) => {
    const entry = findByName(index, kind, which)
    return entry ? [entry] : []
  })
  const serialNumber = which.replaceAll(':', '').toLowerCase()
  const numbered = index.certificates.filter((entry) => entry.serialNumber === serialNumber)
  const [first, second] = new Set([...named, ...numbered])
  if (first && !second) return first
  if (first) {
    throw new RolesAnywhereError(
      'ERR_RA_ARGUMENT_INVALID',
      'more than one certificate has that name',
      {
        hint: 'give the serial number of the one you mean; index.json lists them',
      },
    )
  }
  throw new RolesAnywhereError(
    'ERR_RA_ARGUMENT_INVALID',
    'no certificate has that name or serial',
    {
      hint: 'index.json lists the names and serial numbers of all certificates',
    },
  )
}
