import { verify } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { CertificateList } from '@peculiar/asn1-x509'
import type { Certificate } from './certificate.js'
import { derOfName } from './name.js'
import { isStrongSignature } from './signature-hash.js'

/** An imported certificate revocation list, its signature checked. */
export interface RevocationList {
  readonly enabled: boolean
  readonly serials: ReadonlySet<bigint>
  /** DER of the issuer's name, in base64: a list speaks only of its own issuer's certificates. */
  readonly issuerDer: string
}

/**
 * Reads a CRL in PEM or DER.
 *
 * @param issuers Certificates that may have signed it: those of the trust anchor, and intermediates
 *   that it vouches for.
 * @throws Error when the bytes are no CRL or none of the issuers signed it.
 * @see https://datatracker.ietf.org/doc/html/rfc5280#section-5.1
 */
export function parseRevocationList(
  bytes: Buffer,
  issuers: readonly Certificate[],
  enabled: boolean,
): RevocationList {
  const list = AsnConvert.parse(derOf(bytes), CertificateList)
  if (!isStrongSignature(list.signatureAlgorithm)) throw new Error('signed with a weak hash')
  if (!issuers.some((issuer) => signed(issuer, list))) {
    throw new Error('none of its issuers signed it')
  }
  return {
    enabled,
    serials: new Set((list.tbsCertList.revokedCertificates ?? []).map(serialOf)),
    issuerDer: derOfName(list.tbsCertList.issuer),
  }
}

/** Whether an enabled list names the certificate. Dates of a list are not looked at: an old list still counts. */
export function isRevoked(certificate: Certificate, lists: readonly RevocationList[]): boolean {
  const { issuerDer, serial } = certificate
  return lists.some(
    (list) => list.enabled && list.issuerDer === issuerDer && list.serials.has(serial),
  )
}

function signed(issuer: Certificate, list: CertificateList): boolean {
  const { publicKey, keyUsage } = issuer
  if (!publicKey || !list.tbsCertListRaw || keyUsage?.has('crlSign') === false) return false
  if (issuer.subjectDer !== derOfName(list.tbsCertList.issuer)) return false
  // ML-DSA takes no hash of its own.
  const hash = HASHES[list.signatureAlgorithm.algorithm] ?? null
  try {
    return verify(hash, Buffer.from(list.tbsCertListRaw), publicKey, Buffer.from(list.signature))
  } catch {
    // A key that cannot verify this kind of signature did not make it.
    return false
  }
}

const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

const serialOf = ({ userCertificate }: { userCertificate: ArrayBuffer }): bigint =>
  BigInt(`0x${Buffer.from(userCertificate).toString('hex') || '0'}`)

/** OpenSSL labels a CRL `X509 CRL`, other tools `CRL`. */
const PEM = /-----BEGIN (?:X509 )?CRL-----([\w+/=\s]*)-----END (?:X509 )?CRL-----/

function derOf(bytes: Buffer): Buffer {
  const base64 = PEM.exec(bytes.toString('latin1'))?.[1]
  return base64 === undefined ? bytes : Buffer.from(base64, 'base64')
}
