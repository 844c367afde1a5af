import { type KeyObject, verify } from 'node:crypto'
import { canonicalQuery, canonicalRequest, parseAmzDate, sha256Hex } from '../http/canonical.js'
import { type Arrived, decodePairs, header, headerValues } from '../http/exchange.js'
import type { Certificate } from '../x509/certificate.js'
import type { X509Authorization } from './authorization.js'

/** The service does not document its tolerance; this is that of Signature Version 4. */
const MAX_SKEW_MS = 15 * 60 * 1000

/** What a signature is checked against. */
export interface SignatureCheck {
  readonly arrived: Arrived
  readonly authorization: X509Authorization
  readonly certificate: Certificate
  readonly at: Date
  /** Let pass what the service lets pass with a remark in its audit trail. */
  readonly lenient: boolean
}

/** How each key type signs. */
interface KeyRule {
  readonly algorithm: string
  /** Hash over the string to sign; ML-DSA takes the string itself. */
  readonly hash: 'sha256' | null
}

const ML_DSA: KeyRule = { algorithm: 'AWS4-X509-MLDSA', hash: null }

/** By `KeyObject.asymmetricKeyType`. */
const KEY_RULES: Readonly<Record<string, KeyRule>> = {
  rsa: { algorithm: 'AWS4-X509-RSA-SHA256', hash: 'sha256' },
  ec: { algorithm: 'AWS4-X509-ECDSA-SHA256', hash: 'sha256' },
  'ml-dsa-44': ML_DSA,
  'ml-dsa-65': ML_DSA,
  'ml-dsa-87': ML_DSA,
}

/**
 * Verifies the signature of an X.509 request. Written from the guide and not from the signer.
 *
 * @returns why it is refused, or `undefined` when it is good.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export function whyBadSignature(check: SignatureCheck): string | undefined {
  const { authorization, certificate } = check
  if (authorization.serial !== certificate.serial) {
    return 'the serial number in the credential is not that of the certificate'
  }
  if (authorization.service !== 'rolesanywhere') return 'the scope names another service'
  return whyBadDate(check) ?? whyBadHeaders(check) ?? whyBadBytes(check)
}

function whyBadDate({ arrived, authorization, at }: SignatureCheck): string | undefined {
  const text = header(arrived, 'x-amz-date') ?? ''
  const date = parseAmzDate(text)
  if (!date) return 'header x-amz-date is missing or malformed'
  if (!text.startsWith(authorization.date)) return 'the scope has another date than x-amz-date'
  const skewMs = Math.abs(date.getTime() - at.getTime())
  return skewMs > MAX_SKEW_MS
    ? `x-amz-date is ${Math.round(skewMs / 1000)} seconds off this clock`
    : undefined
}

function whyBadHeaders(check: SignatureCheck): string | undefined {
  const { arrived, lenient } = check
  const signed = check.authorization.signedHeaders
  if (signed.some((name, index) => index > 0 && name <= (signed[index - 1] ?? ''))) {
    return 'signed headers are not in order'
  }
  if (signed.some((name) => name !== name.toLowerCase())) return 'signed headers are not lower-case'
  const absent = signed.find((name) => headerValues(arrived, name).length === 0)
  if (absent !== undefined) return `signed header ${JSON.stringify(absent)} is absent`
  const chain = header(arrived, 'x-amz-x509-chain') === undefined ? [] : ['x-amz-x509-chain']
  const unsigned = ['host', 'x-amz-date', 'x-amz-x509', ...chain].find(
    (name) => !signed.includes(name),
  )
  return unsigned === undefined || lenient ? undefined : `header ${unsigned} is not signed`
}

function whyBadBytes({
  arrived,
  authorization,
  certificate,
  lenient,
}: SignatureCheck): string | undefined {
  const query = decodePairs(arrived.rawQuery)
  if (!query) return 'the query string is malformed'
  const { publicKey } = certificate
  if (!publicKey) return "this Node.js cannot verify the certificate's key type (ML-DSA needs 24)"
  const rule = KEY_RULES[publicKey.asymmetricKeyType ?? '']
  if (!rule) return 'the service takes no keys of this type'
  if (rule.algorithm !== authorization.algorithm && !lenient) {
    return `algorithm ${authorization.algorithm} does not fit the certificate's key`
  }
  const canonical = canonicalRequest(arrived, {
    method: arrived.method,
    path: arrived.path,
    query: canonicalQuery(query),
    signedHeaders: authorization.signedHeaders,
    payloadHash: sha256Hex(arrived.body),
  })
  const stringToSign = [
    authorization.algorithm,
    header(arrived, 'x-amz-date') ?? '',
    authorization.scope,
    sha256Hex(canonical),
  ].join('\n')
  const good = verifies(rule, stringToSign, publicKey, authorization.signature)
  return good ? undefined : 'the signature does not fit the request'
}

function verifies(rule: KeyRule, text: string, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(rule.hash, Buffer.from(text, 'latin1'), key, signature)
  } catch {
    // A signature that OpenSSL cannot even parse does not fit.
    return false
  }
}
