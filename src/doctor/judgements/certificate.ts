import type { KeyObject, X509Certificate } from 'node:crypto'
import { requireSupportedKey } from '../../x509/keys/key-rules.js'
import { failedBy, type Finding, ok, warning } from '../finding.js'

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY_USAGE = '2.5.29.37.0'

/** What people call the usages that certificates are issued for. */
const USAGES: Readonly<Record<string, string>> = {
  [CLIENT_AUTH]: 'clientAuth',
  [ANY_USAGE]: 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
}

/**
 * The service's rules do not name the extended key usage; a certificate that has the extension
 * without clientAuth was meant for something else all the same.
 *
 * @param oids Empty when the extension is absent.
 */
export function judgeExtendedKeyUsage(oids: readonly string[]): Finding {
  const names = oids.map((oid) => USAGES[oid] ?? oid)
  const detail = { extendedKeyUsage: names }
  if (oids.length === 0) return ok('none, which is allowed', detail)
  if (oids.includes(CLIENT_AUTH) || oids.includes(ANY_USAGE)) return ok(names.join(', '), detail)
  return warning(
    `only ${names.join(', ')}, without clientAuth`,
    'have the certificate issued with clientAuth: AWS does not ask for it today, but this one is meant for something else',
    detail,
  )
}

/** RFC 5280 lets a serial number have this many octets. */
const MAX_SERIAL_OCTETS = 20

/**
 * Judges a serial number, which becomes part of the signature and names the session.
 *
 * @param hex As `X509Certificate.serialNumber` says it.
 */
export function judgeSerial(hex: string): Finding {
  const digits = hex.replace(/^0+/, '')
  const detail = { hex: hex.toLowerCase() }
  if (digits === '') {
    const hint =
      'have a certificate issued with a serial number of its own: they cannot be told apart'
    return warning('the serial number is 0', hint, detail)
  }
  if (digits.length > 2 * MAX_SERIAL_OCTETS) {
    const hint = 'have the certificate issued again by a CA that follows RFC 5280'
    return warning(`longer than the ${MAX_SERIAL_OCTETS} octets of RFC 5280`, hint, detail)
  }
  return ok(`${BigInt(`0x${digits}`)} (hex ${digits.toLowerCase()})`, detail)
}

/**
 * Says whether the service takes signatures of a key.
 *
 * @param keyType As the certificate says it.
 * @param key Absent for keys that this version of Node does not know.
 */
export function judgeKey(keyType: string, key: KeyObject | undefined): Finding {
  if (!key || keyType.startsWith('ml-dsa')) return ok(keyType, { keyType })
  try {
    requireSupportedKey(key)
    return ok(describeKey(key), { keyType })
  } catch (error) {
    return failedBy(error, { detail: { keyType } })
  }
}

/** The public key of a certificate, if this version of Node knows its kind. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey
  } catch {
    return undefined
  }
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
}

/** A key in a few words: type, and size or curve. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (modulusLength !== undefined) return `RSA, ${modulusLength} bits`
  if (namedCurve !== undefined) return `EC, ${CURVES[namedCurve] ?? namedCurve}`
  return key.asymmetricKeyType ?? 'unknown'
}

/** Certificates are renewed at two thirds of their life as a rule; at nine tenths something is late. */
const LATE = 0.9

/** How long a certificate is still good for, against the sessions that it is to open. */
export function judgeLife(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  at: Date,
  sessionMs: number,
): Finding {
  const leftMs = notAfter.getTime() - at.getTime()
  const detail = { notAfter: notAfter.toISOString(), secondsLeft: Math.floor(leftMs / 1000) }
  const hint = 'renew the certificate, and check what should have renewed it'
  if (leftMs < 0) return { status: 'skipped', message: 'it has expired', detail }
  if (leftMs < sessionMs) {
    const message = `${duration(leftMs)} left, less than one session of ${duration(sessionMs)}`
    return warning(message, hint, detail)
  }
  const usedUp = 1 - leftMs / (notAfter.getTime() - notBefore.getTime())
  if (usedUp > LATE) {
    return warning(`${duration(leftMs)} left, a tenth of its life`, hint, detail)
  }
  return ok(`${duration(leftMs)} left`, detail)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A length of time in its two largest units, such as `3h 20m`. */
export function duration(ms: number): string {
  const parts: string[] = []
  let left = Math.max(0, ms)
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.slice(0, 2).join(' ') || '0s'
}
