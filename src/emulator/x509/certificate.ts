import { type KeyObject, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  BasicConstraints,
  Certificate as CertificateSyntax,
  KeyUsage,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509'
import { type Attribute, attributesOf, derOfName } from './name.js'
import { isStrongSignature } from './signature-hash.js'

/** What the service looks at in a certificate, read by a parser that the signer does not use. */
export interface Certificate {
  readonly node: X509Certificate
  /** As written in X.509: 3 for version 3. */
  readonly version: number
  readonly serial: bigint
  readonly subject: readonly Attribute[]
  readonly issuer: readonly Attribute[]
  /** DER of the names, in base64, to compare them by. */
  readonly subjectDer: string
  readonly issuerDer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Signed with SHA-256 or stronger. */
  readonly strongSignature: boolean
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number } | undefined
  /** Names of the key usage bits; `undefined` without the extension. */
  readonly keyUsage: ReadonlySet<string> | undefined
  readonly alternativeNames: AlternativeNames
  /** `undefined` for a key type that this Node.js does not know. */
  readonly publicKey: KeyObject | undefined
}

/** The first subject alternative name of each kind that becomes a session tag. */
export interface AlternativeNames {
  readonly dns: string | undefined
  readonly uri: string | undefined
  readonly directoryName: readonly Attribute[]
}

const OID = {
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
} as const

/**
 * Reads one DER certificate.
 *
 * @throws Error of any kind when the bytes are no certificate; callers say what that means.
 * @see https://datatracker.ietf.org/doc/html/rfc5280#section-4.1
 */
export function parseCertificate(der: Buffer): Certificate {
  const node = new X509Certificate(der)
  if (!node.raw.equals(der)) throw new Error('bytes after the certificate')
  const { tbsCertificate: tbs, signatureAlgorithm } = AsnConvert.parse(der, CertificateSyntax)
  const extension = (oid: string): ArrayBuffer | undefined =>
    tbs.extensions?.find(({ extnID }) => extnID === oid)?.extnValue.buffer
  const constraints = extension(OID.basicConstraints)
  const usage = extension(OID.keyUsage)
  return {
    node,
    version: tbs.version + 1,
    serial: BigInt(`0x${node.serialNumber}`),
    subject: attributesOf(tbs.subject),
    issuer: attributesOf(tbs.issuer),
    subjectDer: derOfName(tbs.subject),
    issuerDer: derOfName(tbs.issuer),
    notBefore: tbs.validity.notBefore.getTime(),
    notAfter: tbs.validity.notAfter.getTime(),
    strongSignature: isStrongSignature(signatureAlgorithm),
    basicConstraints: constraints && readConstraints(constraints),
    keyUsage: usage && new Set(AsnConvert.parse(usage, KeyUsage).toJSON()),
    alternativeNames: readAlternativeNames(extension(OID.alternativeNames)),
    publicKey: publicKeyOf(node),
  }
}

/** Whether an instant lies within the validity period, both ends included. */
export function isValidAt(certificate: Certificate, at: Date): boolean {
  return certificate.notBefore <= at && at <= certificate.notAfter
}

/** Certificates of a PEM text, in order. Text around the blocks is allowed, as tools write it. */
export function parsePemCertificates(text: string): Certificate[] {
  const blocks = text.matchAll(/-----BEGIN CERTIFICATE-----([\w+/=\s]*)-----END CERTIFICATE-----/g)
  return [...blocks].map(([, base64 = '']) => parseCertificate(Buffer.from(base64, 'base64')))
}

function readConstraints(der: ArrayBuffer): { ca: boolean; pathLength: number } {
  const { cA, pathLenConstraint } = AsnConvert.parse(der, BasicConstraints)
  return { ca: cA, pathLength: pathLenConstraint ?? Infinity }
}

function readAlternativeNames(der: ArrayBuffer | undefined): AlternativeNames {
  const names = der ? [...AsnConvert.parse(der, SubjectAlternativeName)] : []
  const directory = names.find(({ directoryName }) => directoryName)?.directoryName
  return {
    dns: names.find(({ dNSName }) => dNSName !== undefined)?.dNSName,
    uri: names.find((name) => name.uniformResourceIdentifier)?.uniformResourceIdentifier,
    directoryName: directory ? attributesOf(directory) : [],
  }
}

function publicKeyOf(node: X509Certificate): KeyObject | undefined {
  try {
    return node.publicKey
  } catch {
    // OpenSSL does not know the key type; whoever needs the key says so.
    return undefined
  }
}
