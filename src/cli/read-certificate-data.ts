import type { X509Certificate } from 'node:crypto'
import { resolve } from '../config/resolve.js'
import { SETTINGS } from '../config/settings.js'
import { isPkcs11Uri } from '../pkcs11/uri.js'
import type { Secret } from '../secret.js'
import { type IdentityFiles, readIdentityFiles } from '../session/identity-files.js'
import { certificateFacts } from '../x509/certificate-facts.js'
import type { NamedBytes } from '../x509/named-bytes.js'
import { readCertificates } from '../x509/read-identity.js'
import type { Command, Io } from './command.js'
import { IDENTITY_FLAGS, identityFiles, identitySources } from './identity-settings.js'

/** What the command prints, in this order. */
interface CertificateData {
  /** `RSA`, `EC`, `ML-DSA-44`, `ML-DSA-65`, `ML-DSA-87`, or empty for any other key. */
  readonly keyType: string
  /** DER in base64. */
  readonly certificateData: string
  /** Decimal. */
  readonly serialNumber: string
  readonly supportedAlgorithms: readonly string[]
}

/** Prints what `aws_signing_helper read-certificate-data` prints of a certificate in a file. */
export const readCertificateDataCommand: Command = {
  usage: 'read-certificate-data --certificate FILE [flags]',
  summary: 'Print what a certificate says of itself',
  description: `One JSON document, as aws_signing_helper prints it: keyType, certificateData (DER in
base64), serialNumber (decimal) and supportedAlgorithms. Of a file with a chain it is the
certificate that did not issue any other. No private key is needed.`,
  flags: IDENTITY_FLAGS.filter(({ name }) => name !== SETTINGS.privateKey.flag),
  example: 'read-certificate-data --certificate tls.crt',

  async run({ flags }, io) {
    const sources = await identitySources(flags, io)
    const { privateKey: _, ...files } = identityFiles(sources)
    const certificate = resolve(SETTINGS.certificate, sources).value
    const { file, passphrase } = isPkcs11Uri(certificate)
      ? await fromToken(certificate, files.pkcs11Library)
      : await fromFile({ ...files, certificate }, io.env)
    const data = describe(endEntity(await readCertificates(file, passphrase)), file.name)
    io.stdout(`${JSON.stringify(data)}\n`)
    return 0
  },
}

/** The bytes that certificates are in. */
interface Source {
  readonly file: NamedBytes
  /** Of a PKCS#12 file. */
  readonly passphrase?: Secret
}

async function fromFile(files: IdentityFiles, env: Io['env']): Promise<Source> {
  const { certificate: file, passphrase } = await readIdentityFiles(files, env)
  return { file, ...(passphrase && { passphrase }) }
}

/** Certificates on a token are there for everybody: no key is looked for, and no PIN is wanted. */
async function fromToken(uri: string, library: string | undefined): Promise<Source> {
  const { readToken } = await import('../pkcs11/read-token.js')
  const sources = { certificate: uri, privateKey: '', ...(library !== undefined && { library }) }
  const { certificate: file } = await readToken(sources, () => undefined)
  if (file) return { file }
  throw new TypeError('a token without a certificate')
}

/** Files may hold the chain in any order. */
function endEntity(certificates: readonly X509Certificate[]): X509Certificate {
  const issuedNone = certificates.find((one) =>
    certificates.every((other) => other === one || !other.checkIssued(one)),
  )
  const found = issuedNone ?? certificates[0]
  if (found) return found
  throw new TypeError('no certificates')
}

function describe(certificate: X509Certificate, file: string): CertificateData {
  const { keyType, serialNumber } = certificateFacts(certificate, file)
  const name = KEY_TYPE_NAMES[keyType] ?? ''
  return {
    keyType: name,
    certificateData: certificate.raw.toString('base64'),
    serialNumber,
    supportedAlgorithms: ALGORITHMS[name] ?? (name === '' ? [] : [name]),
  }
}

const KEY_TYPE_NAMES: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  ec: 'EC',
  'ml-dsa-44': 'ML-DSA-44',
  'ml-dsa-65': 'ML-DSA-65',
  'ml-dsa-87': 'ML-DSA-87',
}

const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RSASHA256', 'RSASHA384', 'RSASHA512'],
  EC: ['ECSHA256', 'ECSHA384', 'ECSHA512'],
}
