import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { whyUnfit } from './setting-forms.js'
import type { CertificateAuthority } from './trust-anchor.js'
import type { WorkloadAccessProps } from './workload-access.js'

/** The settings file: as {@link WorkloadAccessProps}, with files where those have PEM text. */
export type Settings = Omit<WorkloadAccessProps, 'authority' | 'revocationLists'> & {
  /** One or two CA certificates in PEM; or `privateCaArn`. */
  readonly certificateBundleFile?: string
  readonly privateCaArn?: string
  readonly revocationListFiles?: readonly string[]
}

/** A settings file that cannot be used; the message says which, why and what to do. */
export class SettingsError extends Error {}

/**
 * Reads a settings file; relative paths start at its folder.
 *
 * @throws SettingsError naming the file and what is wrong with it.
 */
export function readSettings(path: string): WorkloadAccessProps {
  const settings = parse(path)
  const problem = whyUnfit(settings)
  if (problem !== undefined) throw new SettingsError(`${path}: ${problem}`)
  const read = (name: string): string => readText(resolve(dirname(path), name))
  const { certificateBundleFile, privateCaArn, revocationListFiles = [], ...rest } = settings
  if ((certificateBundleFile === undefined) === (privateCaArn === undefined)) {
    throw new SettingsError(`${path}: give one of certificateBundleFile and privateCaArn`)
  }
  const authority: CertificateAuthority =
    certificateBundleFile === undefined
      ? { privateCaArn: privateCaArn ?? '' }
      : {
          certificateBundle: certificateAuthority(
            read(certificateBundleFile),
            certificateBundleFile,
          ),
        }
  const revocationLists = revocationListFiles.map((name) => revocationList(read(name), name))
  return { ...rest, authority, revocationLists }
}

function parse(path: string): Settings {
  const text = readText(path, 'infrastructure.example.json shows what a settings file holds')
  try {
    return JSON.parse(text) as Settings
  } catch (cause) {
    throw new SettingsError(`${path} is not JSON: ${(cause as Error).message}`)
  }
}

function readText(path: string, hint?: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code = 'an error' } = cause as NodeJS.ErrnoException
    throw new SettingsError(`cannot read ${path} (${code})${hint === undefined ? '' : `: ${hint}`}`)
  }
}

/** Roles Anywhere would refuse these as well, but only once the stack is half made. */
function certificateAuthority(text: string, name: string): string {
  if (text.includes('PRIVATE KEY')) {
    throw new SettingsError(`${name} holds a private key, which AWS must never see`)
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length < 1 || blocks.length > 2) {
    throw new SettingsError(`${name} holds ${blocks.length} certificates in PEM, not one or two`)
  }
  for (const block of blocks) {
    const certificate = readCertificate(block, name)
    if (certificate.ca) continue
    const subject = certificate.subject.replaceAll('\n', ', ')
    throw new SettingsError(`${name}: the certificate of ${subject} is not one of a CA`)
  }
  return text
}

function readCertificate(block: string, name: string): X509Certificate {
  try {
    return new X509Certificate(block)
  } catch {
    throw new SettingsError(`${name} holds a certificate that cannot be read`)
  }
}

function revocationList(text: string, name: string): string {
  if (text.includes('-----BEGIN X509 CRL-----')) return text
  throw new SettingsError(
    `${name} holds no CRL in PEM: openssl crl -inform DER -in FILE converts one`,
  )
}
