import { RolesAnywhereError } from '../errors.js'
import {
  authorityKeyIdentifier,
  type CertifiedKey,
  signingKey,
  subjectNameOf,
  wholeSeconds,
} from './certificate.js'
import { signingAlgorithmOf } from './key-types.js'
import { Extension, X509CrlGenerator } from './x509-library.js'

/** One revoked certificate. */
export interface Revocation {
  /** Hexadecimal. */
  readonly serialNumber: string
  readonly revokedAt: Date
}

/** Input of {@link createCrl}. */
export interface CrlParams {
  /** The CA whose certificates are revoked; it signs the list. */
  readonly issuer: CertifiedKey
  readonly revocations: readonly Revocation[]
  /** Grows with each list of one issuer; at least 1. */
  readonly number: number
  readonly thisUpdate: Date
  /** When the next list is due: readers may refuse this one afterwards. */
  readonly nextUpdate: Date
}

/**
 * A certificate revocation list, PEM, ready for `aws rolesanywhere import-crl`.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` when a serial number is listed twice or the
 *   list expires before it begins.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-5
 */
export async function createCrl(params: CrlParams): Promise<string> {
  const { issuer, revocations, thisUpdate, nextUpdate } = params
  if (!(thisUpdate.getTime() < nextUpdate.getTime())) throw invalid('expires before it begins')
  const serialNumbers = new Set(revocations.map((entry) => entry.serialNumber.toLowerCase()))
  if (serialNumbers.size < revocations.length) throw invalid('names a serial number twice')
  const crl = await X509CrlGenerator.create({
    issuer: subjectNameOf(issuer.certificate),
    thisUpdate: wholeSeconds(thisUpdate),
    nextUpdate: wholeSeconds(nextUpdate),
    entries: revocations.map(({ serialNumber, revokedAt }) => ({
      serialNumber,
      revocationDate: wholeSeconds(revokedAt),
    })),
    extensions: [await authorityKeyIdentifier(issuer.certificate), crlNumber(params.number)],
    signingKey: await signingKey(issuer.privateKey),
    signingAlgorithm: signingAlgorithmOf(issuer.privateKey),
  })
  return pem(Buffer.from(crl.rawData))
}

/** The library labels its own PEM `CRL`, which OpenSSL does not read; RFC 7468 section 6 has this one. */
function pem(der: Buffer): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n')
  return `-----BEGIN X509 CRL-----\n${lines}-----END X509 CRL-----\n`
}

const CRL_NUMBER = '2.5.29.20'
const DER_INTEGER = 0x02

/** RFC 5280 section 5.2.3; the library has no class for it. */
function crlNumber(value: number): Extension {
  if (!Number.isSafeInteger(value) || value < 1) throw invalid('has a number below 1')
  const digits = value.toString(16)
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  // A leading one bit would make the integer negative.
  const positive = octets.readUInt8(0) > 0x7f ? Buffer.concat([Buffer.of(0), octets]) : octets
  return new Extension(
    CRL_NUMBER,
    false,
    Buffer.concat([Buffer.of(DER_INTEGER, positive.length), positive]),
  )
}

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', `revocation list ${problem}`, {
    hint: 'check the index of the CA, and the clock of this machine',
  })
}
