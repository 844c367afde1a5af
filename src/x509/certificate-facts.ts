import type { X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import { decimalSerial } from '../protocol/decimal-serial.js'
import { contextTag, type DerElement, DerReader, TAG } from './der.js'
import { readName } from './distinguished-name.js'
import { readSignatureHash, type SignatureHash } from './signature-hash.js'

/** The bits of the key usage extension, in their order. */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** Name of one bit of the key usage extension. */
export type KeyUsage = (typeof KEY_USAGES)[number]

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** 1, 2 or 3. */
  readonly version: number
  /** Decimal. */
  readonly serialNumber: string
  /** One line, most specific part first, for example `CN=web,O=Example`; empty when it has none. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** The CA flag of the basic constraints; false when the extension is absent. */
  readonly isCa: boolean
  /** `undefined` when the extension is absent. */
  readonly keyUsage: readonly KeyUsage[] | undefined
  readonly signatureHash: SignatureHash
  /** As `KeyObject.asymmetricKeyType` says it, for example `rsa`; the OID when it is not known. */
  readonly keyType: string
}

/**
 * Reads what `X509Certificate` of Node 20 does not tell, and the rest along with it.
 *
 * @param name What messages call it, for example `certificate "/x/tls.crt"`.
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_INVALID` when it is not as RFC 5280 lays it out.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function certificateFacts(
  certificate: X509Certificate,
  name = 'certificate',
): CertificateFacts {
  const file = new DerReader(certificate.raw, (problem) => {
    const hint = 'have the certificate issued again by a CA that follows RFC 5280'
    throw new RolesAnywhereError('ERR_RA_CERTIFICATE_INVALID', `${name}: ${problem}`, { hint })
  })
  const outer = file.enter(TAG.sequence)
  file.end()

  const body = outer.enter(TAG.sequence)
  const version = body.nextTag === contextTag(0) ? body.enter(contextTag(0)).count() + 1 : 1
  const serial = body.expect(TAG.integer).content
  const signatureHash = readSignatureHash(body.enter(TAG.sequence))
  const issuer = readName(body)
  const validity = body.enter(TAG.sequence)
  const notBefore = readTime(validity)
  const notAfter = readTime(validity)
  validity.end()
  const subject = readName(body)
  const keyOid = body.enter(TAG.sequence).enter(TAG.sequence).oid()
  return {
    version,
    serialNumber: decimalSerial(unsignedHex(serial), name),
    subject,
    issuer,
    notBefore,
    notAfter,
    signatureHash,
    keyType: KEY_TYPES.get(keyOid) ?? keyOid,
    ...readExtensions(body),
  }
}

const KEY_TYPES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.113549.1.1.10', 'rsa-pss'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
  ['2.16.840.1.101.3.4.3.17', 'ml-dsa-44'],
  ['2.16.840.1.101.3.4.3.18', 'ml-dsa-65'],
  ['2.16.840.1.101.3.4.3.19', 'ml-dsa-87'],
])

/** Hex of a serial number; a negative one keeps a sign, which no reader of serials accepts. */
function unsignedHex(serial: Uint8Array): string {
  const hex = Buffer.from(serial).toString('hex')
  return (serial[0] ?? 0) > 0x7f ? `-${hex}` : hex
}

/**
 * Takes a UTCTime or a GeneralizedTime.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
 */
function readTime(reader: DerReader): Date {
  const { tag, content } = reader.take()
  const text = Buffer.from(content).toString('latin1')
  // UTCTime has two digits of the year; 50 and above are of the twentieth century.
  const full = tag === 0x17 ? `${Number(text.slice(0, 2)) >= 50 ? '19' : '20'}${text}` : text
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? []
  const [year, month, day, hour, minute, second] = parts
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if ((tag !== 0x17 && tag !== 0x18) || Number.isNaN(time.getTime())) {
    return reader.fail('has a malformed date')
  }
  return time
}

function readExtensions(body: DerReader): Pick<CertificateFacts, 'isCa' | 'keyUsage'> {
  // issuerUniqueID and subjectUniqueID, which nobody uses, stand before.
  body.optional(0x81)
  body.optional(0x82)
  const values = new Map<string, DerElement>()
  if (body.nextTag !== undefined) {
    const extensions = body.enter(contextTag(3)).enter(TAG.sequence)
    while (extensions.nextTag !== undefined) {
      const extension = extensions.enter(TAG.sequence)
      const oid = extension.oid()
      if (extension.nextTag === TAG.boolean) extension.boolean()
      if (values.has(oid)) extension.fail(`has the extension ${oid} twice`)
      values.set(oid, extension.expect(TAG.octetString))
      extension.end()
    }
  }
  const inside = (oid: string): DerReader | undefined => {
    const value = values.get(oid)
    return value && body.inside(value.content)
  }
  return {
    isCa: readIsCa(inside('2.5.29.19')),
    keyUsage: readKeyUsage(inside('2.5.29.15')),
  }
}

function readIsCa(extension: DerReader | undefined): boolean {
  const constraints = extension?.enter(TAG.sequence)
  return constraints?.nextTag === TAG.boolean && constraints.boolean()
}

function readKeyUsage(extension: DerReader | undefined): KeyUsage[] | undefined {
  if (!extension) return undefined
  const [, ...octets] = extension.expect(TAG.bitString).content
  return KEY_USAGES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}
