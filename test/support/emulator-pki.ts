import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** Bits of the key usage extension, from here because the library needs its polyfill first. */
export const { KeyUsageFlags } = x509

/** Instants that every certificate made here is valid between. */
const VALID_FROM = new Date('2020-01-01T00:00:00Z')
const VALID_TO = new Date('2049-12-31T00:00:00Z')

/** Key types that certificates are made with. */
export const KEY_TYPES = {
  rsa2048: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  p256: { name: 'ECDSA', namedCurve: 'P-256' },
  p384: { name: 'ECDSA', namedCurve: 'P-384' },
  p521: { name: 'ECDSA', namedCurve: 'P-521' },
} as const

/** How one certificate differs from a good one. */
export interface CertificateInit {
  readonly subject?: string | x509.JsonName
  readonly serial?: string
  readonly keyType?: keyof typeof KEY_TYPES
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384'
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** Key usage bits; `null` leaves the extension out. */
  readonly usage?: x509.KeyUsageFlags | null
  readonly ca?: boolean
  readonly pathLength?: number
  readonly alternativeNames?: x509.JsonGeneralNames
}

/** A certificate with its key. */
export interface TestIdentity {
  readonly certificate: x509.X509Certificate
  readonly der: Buffer
  readonly pem: string
  readonly keys: webcrypto.CryptoKeyPair
  readonly privateKey: KeyObject
  /** The certificates between this one and the root, its own issuer first. */
  readonly chain: readonly Buffer[]
}

/** A self-signed CA. */
export const createRoot = async (init: CertificateInit = {}): Promise<TestIdentity> =>
  build({ subject: 'CN=Test Root', ...init }, undefined, true)

/** A CA below another. */
export const createIntermediate = async (
  issuer: TestIdentity,
  init: CertificateInit = {},
): Promise<TestIdentity> => build({ subject: 'CN=Test Issuing', ...init }, issuer, true)

/** An end-entity certificate, fit for Roles Anywhere unless `init` says otherwise. */
export const createLeaf = async (
  issuer: TestIdentity,
  init: CertificateInit = {},
): Promise<TestIdentity> => build({ subject: 'CN=app.test', ...init }, issuer, init.ca ?? false)

/** A CRL in PEM. */
export async function createCrl(issuer: TestIdentity, serials: readonly string[]): Promise<string> {
  const crl = await x509.X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName,
    thisUpdate: VALID_FROM,
    nextUpdate: VALID_TO,
    entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: VALID_FROM })),
    signingAlgorithm: signing(issuer.keys, 'SHA-256'),
    signingKey: issuer.keys.privateKey,
  })
  return crl.toString('pem')
}

async function build(
  init: CertificateInit,
  issuer: TestIdentity | undefined,
  ca: boolean,
): Promise<TestIdentity> {
  const algorithm = KEY_TYPES[init.keyType ?? 'p256']
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { keyCertSign, cRLSign, digitalSignature } = x509.KeyUsageFlags
  const usage =
    init.usage === undefined ? (ca ? keyCertSign | cRLSign : digitalSignature) : init.usage
  const names = init.alternativeNames
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: init.serial ?? '1000',
    subject: init.subject ?? '',
    issuer: issuer?.certificate.subjectName ?? init.subject ?? '',
    notBefore: init.notBefore ?? VALID_FROM,
    notAfter: init.notAfter ?? VALID_TO,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: signing(issuer?.keys ?? keys, init.hash ?? 'SHA-256'),
    extensions: [
      new x509.BasicConstraintsExtension(ca, ca ? init.pathLength : undefined, true),
      ...(usage === null ? [] : [new x509.KeyUsagesExtension(usage, true)]),
      ...(names ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  const der = Buffer.from(certificate.rawData)
  return {
    certificate,
    der,
    pem: certificate.toString('pem'),
    keys,
    privateKey: KeyObject.from(keys.privateKey),
    chain: issuer && !isSelfSigned(issuer) ? [issuer.der, ...issuer.chain] : [],
  }
}

const isSelfSigned = ({ certificate }: TestIdentity): boolean =>
  certificate.subject === certificate.issuer

function signing({ privateKey }: webcrypto.CryptoKeyPair, hash: string): x509.HashedAlgorithm {
  return { name: privateKey.algorithm.name, hash: { name: hash } }
}
