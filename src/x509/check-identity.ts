import type { X509Certificate } from 'node:crypto'
import { RolesAnywhereError } from '../errors.js'
import { type CertificateFacts, certificateFacts } from './certificate-facts.js'
import { issued, MAX_CHAIN } from './chain.js'
import { isDeviceKey } from './device-key.js'
import type { Identity } from './identity.js'
import { requireSupportedKey } from './keys/key-rules.js'

/**
 * Checks everything that the service would refuse and that can be known without asking it, so that
 * the reason is told plainly. Whether the trust anchor issued the chain cannot be known.
 *
 * @param at The instant that validity is judged at.
 * @throws RolesAnywhereError `ERR_RA_CERTIFICATE_VERSION`, `ERR_RA_CERTIFICATE_SUBJECT_EMPTY`,
 *   `ERR_RA_CERTIFICATE_IS_CA`, `ERR_RA_CERTIFICATE_KEY_USAGE`, `ERR_RA_CERTIFICATE_HASH_WEAK`,
 *   `ERR_RA_CERTIFICATE_NOT_YET_VALID`, `ERR_RA_CERTIFICATE_EXPIRED`, `ERR_RA_CERTIFICATE_INVALID`,
 *   `ERR_RA_KEY_UNSUPPORTED`, `ERR_RA_CHAIN_TOO_LONG` or `ERR_RA_CHAIN_INVALID`.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export function checkIdentity(identity: Identity, at: Date): void {
  const { names } = identity
  const facts = certificateFacts(identity.certificate, names?.certificate)
  const which = `"${facts.subject}" (serial number ${facts.serialNumber})`
  const name = names ? `${names.certificate}, ${which}` : `certificate ${which}`
  checkKey(identity)
  for (const requireRule of Object.values(CERTIFICATE_RULES)) requireRule(facts, name, at)
  checkChain(identity, at)
}

function checkKey({ privateKey, names }: Identity): void {
  try {
    requireSupportedKey(isDeviceKey(privateKey) ? privateKey.publicKey : privateKey)
  } catch (cause) {
    if (!names || !(cause instanceof RolesAnywhereError)) throw cause
    const { code, message, hint } = cause
    throw new RolesAnywhereError(code, `${names.privateKey}: ${message}`, {
      cause,
      ...(hint !== undefined && { hint }),
    })
  }
}

/** Throws when a certificate breaks one rule of the service; `name` is what messages call it. */
export type CertificateRule = (facts: CertificateFacts, name: string, at: Date) => void

/** The rules for an end-entity certificate that it can be held against by itself. */
export const CERTIFICATE_RULES = {
  version({ version }, name) {
    if (version === 3) return
    const hint = 'have the certificate issued with extensions: without them it has version 1'
    throw refusal('VERSION', `${name}: has version ${version}, not 3`, hint)
  },
  subject({ subject }, name) {
    if (subject !== '') return
    const hint = 'have the certificate issued with a common name at least'
    throw refusal('SUBJECT_EMPTY', `${name}: has an empty subject`, hint)
  },
  endEntity({ isCa }, name) {
    if (isCa) {
      throw refusal('IS_CA', `${name}: is a CA certificate`, 'use an end-entity certificate')
    }
  },
  keyUsage: requireKeyUsage,
  signatureHash: requireStrongHash,
  validity: requireValidAt,
} as const satisfies Record<string, CertificateRule>

/**
 * Checks what lies between the end-entity certificate and the trust anchor.
 *
 * @throws RolesAnywhereError `ERR_RA_CHAIN_TOO_LONG`, `ERR_RA_CHAIN_INVALID`,
 *   `ERR_RA_CERTIFICATE_HASH_WEAK`, `ERR_RA_CERTIFICATE_NOT_YET_VALID`,
 *   `ERR_RA_CERTIFICATE_EXPIRED` or `ERR_RA_CERTIFICATE_INVALID`.
 */
export function checkChain(
  { certificate, chain }: Pick<Identity, 'certificate' | 'chain'>,
  at: Date,
): void {
  if (chain.length > MAX_CHAIN) {
    throw new RolesAnywhereError(
      'ERR_RA_CHAIN_TOO_LONG',
      `the chain has more than the ${MAX_CHAIN} intermediates that the service takes`,
      { hint: 'register a CA that is nearer to the certificate as the trust anchor' },
    )
  }
  let last: X509Certificate = certificate
  for (const intermediate of chain) {
    const facts = certificateFacts(intermediate)
    const name = `intermediate "${facts.subject}" (serial number ${facts.serialNumber})`
    if (!facts.isCa) throw chainInvalid(`${name}: is not a CA certificate`)
    if (!issued(intermediate, last)) {
      throw chainInvalid(`${name}: did not issue the certificate before it in the chain`)
    }
    requireStrongHash(facts, name)
    requireValidAt(facts, name, at)
    last = intermediate
  }
}

function requireKeyUsage({ keyUsage }: CertificateFacts, name: string): void {
  if (keyUsage?.includes('digitalSignature')) return
  const found = keyUsage ? `only ${keyUsage.join(', ')}` : 'no key usage extension'
  throw refusal(
    'KEY_USAGE',
    `${name}: lacks the key usage digitalSignature, it has ${found}`,
    'have the certificate issued with that key usage',
  )
}

function requireStrongHash({ signatureHash }: CertificateFacts, name: string): void {
  if (signatureHash.strong) return
  throw refusal(
    'HASH_WEAK',
    `${name}: is signed with ${signatureHash.name}, the service wants SHA-256 or stronger`,
    'have the certificate issued by a CA that signs with SHA-256',
  )
}

function requireValidAt({ notBefore, notAfter }: CertificateFacts, name: string, at: Date): void {
  const now = at.toISOString()
  if (at < notBefore) {
    throw refusal(
      'NOT_YET_VALID',
      `${name}: is valid from ${notBefore.toISOString()}, and it is ${now}`,
      'check the clock of this machine',
    )
  }
  if (at > notAfter) {
    throw refusal(
      'EXPIRED',
      `${name}: expired at ${notAfter.toISOString()}, and it is ${now}`,
      'renew the certificate, or check the clock of this machine',
    )
  }
}

type RuleCode =
  'VERSION' | 'SUBJECT_EMPTY' | 'IS_CA' | 'KEY_USAGE' | 'HASH_WEAK' | 'NOT_YET_VALID' | 'EXPIRED'

const refusal = (rule: RuleCode, message: string, hint: string): RolesAnywhereError =>
  new RolesAnywhereError(`ERR_RA_CERTIFICATE_${rule}`, message, { hint })

const chainInvalid = (message: string): RolesAnywhereError =>
  new RolesAnywhereError('ERR_RA_CHAIN_INVALID', message, {
    hint: 'check the certificates that --intermediates names',
  })
