import { createPublicKey, type KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import type { AltName } from './alt-names.js'
import { type KeyType, signingAlgorithmOf } from './key-types.js'
import { newSerialNumber, type Randomness, systemRandomness } from './randomness.js'
import { commonNameSubject, encodeSubject, type SubjectAttribute } from './subject.js'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  LibraryCertificate,
  type Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from './x509-library.js'

/** A certificate with its private key. */
export interface CertifiedKey {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

/** What every new certificate needs. */
export interface CertificateParams {
  /** Default `ec-p256`. */
  readonly keyType?: KeyType
  /** First instant of validity; a part of a second is dropped. */
  readonly notBefore: Date
  /** Last instant of validity; a part of a second is dropped. */
  readonly notAfter: Date
}

/** Input of {@link createRoot}. */
export interface RootParams extends CertificateParams {
  readonly commonName: string
}

/** Input of {@link createIntermediate}. */
export interface IntermediateParams extends CertificateParams {
  readonly issuer: CertifiedKey
  readonly commonName: string
}

/** Input of {@link issueCertificate}. */
export interface EndEntityParams extends CertificateParams {
  readonly issuer: CertifiedKey
  readonly subject: readonly SubjectAttribute[]
  readonly altNames?: readonly AltName[]
  /** Also fit for a TLS server, for example the emulator. */
  readonly serverAuth?: boolean
}

/** Intermediates that may follow one that the root signed: with it and the leaf, five certificates. */
const LONGEST_PATH = 3

/**
 * A new self-signed root, to be registered as a trust anchor.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` for a bad name or an empty validity.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function createRoot(
  params: RootParams,
  random: Randomness = systemRandomness,
): Promise<CertifiedKey> {
  const subject = encodeSubject(commonNameSubject(params.commonName))
  return certify(params, random, { subject, extensions: authorityExtensions(undefined) })
}

/**
 * A new intermediate, signed by a root or by another intermediate.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` for a bad name or a validity outside the
 *   issuer's; `ERR_RA_PKI_INVALID` when the issuer may have no intermediate below it.
 */
export async function createIntermediate(
  params: IntermediateParams,
  random: Randomness = systemRandomness,
): Promise<CertifiedKey> {
  const above = basicConstraints(params.issuer.certificate)?.pathLength
  if (above === 0) {
    throw new RolesAnywhereError(
      'ERR_RA_PKI_INVALID',
      'issuer has the path length 0: no intermediate may follow it',
      { hint: 'choose an issuer closer to the root' },
    )
  }
  const pathLength = above === undefined ? LONGEST_PATH : above - 1
  const subject = encodeSubject(commonNameSubject(params.commonName))
  const extensions = authorityExtensions(pathLength)
  return certify(params, random, { subject, extensions, issuer: params.issuer })
}

/**
 * A new end-entity certificate that meets the service's rules: version 3, not a CA, key usage
 * digitalSignature, a subject.
 *
 * @throws RolesAnywhereError `ERR_RA_ARGUMENT_INVALID` for an empty subject or a validity outside the
 *   issuer's.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function issueCertificate(
  params: EndEntityParams,
  random: Randomness = systemRandomness,
): Promise<CertifiedKey> {
  if (params.subject.length === 0) throw invalid('subject is empty')
  const usages = [ExtendedKeyUsage.clientAuth, ...serverUsages(params.serverAuth ?? false)]
  const names = (params.altNames ?? []).map(({ type, value }) => ({
    type: type === 'uri' ? ('url' as const) : type,
    value,
  }))
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension(usages, false),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names, false)] : []),
  ]
  const subject = encodeSubject(params.subject)
  return certify(params, random, { subject, extensions, issuer: params.issuer })
}

/** The name of a certificate's subject as it is encoded, for use as somebody's issuer. */
export function subjectNameOf(certificate: X509Certificate): Name {
  return new LibraryCertificate(certificate.raw).subjectName
}

/** Names the key that signed, by the subject key identifier in the issuer's certificate. */
export async function authorityKeyIdentifier(issuer: X509Certificate): Promise<Extension> {
  const known = new LibraryCertificate(issuer.raw).getExtension(SubjectKeyIdentifierExtension)
  return known
    ? new AuthorityKeyIdentifierExtension(known.keyId)
    : AuthorityKeyIdentifierExtension.create(spki(issuer.publicKey))
}

/** The private key in the form that the library signs with. Its bytes exist only during the call. */
export async function signingKey(privateKey: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const algorithm = signingAlgorithmOf(privateKey)
  return webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign'])
}

interface Content {
  readonly subject: Name
  readonly extensions: readonly Extension[]
  /** Absent for a self-signed certificate. */
  readonly issuer?: CertifiedKey
}

async function certify(
  params: CertificateParams,
  random: Randomness,
  { subject, extensions, issuer }: Content,
): Promise<CertifiedKey> {
  const notBefore = wholeSeconds(params.notBefore)
  const notAfter = wholeSeconds(params.notAfter)
  checkValidity(notBefore, notAfter, issuer?.certificate)

  const privateKey = await random.privateKey(params.keyType ?? 'ec-p256')
  const publicKey = spki(createPublicKey(privateKey))
  const subjectKeyIdentifier = await SubjectKeyIdentifierExtension.create(publicKey)
  const made = await X509CertificateGenerator.create({
    serialNumber: newSerialNumber(random),
    subject,
    issuer: issuer ? subjectNameOf(issuer.certificate) : subject,
    notBefore,
    notAfter,
    publicKey,
    signingKey: await signingKey(issuer?.privateKey ?? privateKey),
    signingAlgorithm: signingAlgorithmOf(issuer?.privateKey ?? privateKey),
    extensions: [
      ...extensions,
      subjectKeyIdentifier,
      ...(issuer ? [await authorityKeyIdentifier(issuer.certificate)] : []),
    ],
  })
  return { certificate: new X509Certificate(Buffer.from(made.rawData)), privateKey }
}

const authorityExtensions = (pathLength: number | undefined): readonly Extension[] => [
  new BasicConstraintsExtension(true, pathLength, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
]

const serverUsages = (serverAuth: boolean): ExtendedKeyUsage[] =>
  serverAuth ? [ExtendedKeyUsage.serverAuth] : []

const basicConstraints = (certificate: X509Certificate): BasicConstraintsExtension | null =>
  new LibraryCertificate(certificate.raw).getExtension(BasicConstraintsExtension)

const spki = (publicKey: KeyObject): Buffer => publicKey.export({ type: 'spki', format: 'der' })

/** The instant without its part of a second, which certificates and CRLs cannot hold. */
export const wholeSeconds = (instant: Date): Date =>
  new Date(Math.floor(instant.getTime() / 1000) * 1000)

/** The encoding has four digits for the year. */
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59Z')

function checkValidity(notBefore: Date, notAfter: Date, issuer: X509Certificate | undefined): void {
  // Written so that an invalid Date fails too.
  if (!(notBefore.getTime() < notAfter.getTime() && notAfter.getTime() <= LAST_INSTANT)) {
    throw invalid('validity ends before it begins, or after the year 9999')
  }
  if (!issuer) return
  if (notBefore.getTime() < Date.parse(issuer.validFrom)) {
    throw invalid("validity begins before the issuer's")
  }
  if (notAfter.getTime() > Date.parse(issuer.validTo)) {
    throw invalid("validity ends after the issuer's")
  }
}

function invalid(problem: string): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_ARGUMENT_INVALID', `certificate's ${problem}`, {
    hint: "choose a shorter validity, within the issuer's own",
  })
}
