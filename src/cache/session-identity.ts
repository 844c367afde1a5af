import type { Workload } from '../session/session-source.js'

/**
 * Everything that two processes must agree on to share a session. Compared whole, as text; nothing in
 * it is secret.
 */
export interface SessionIdentity {
  readonly trustAnchorArn: string
  readonly profileArn: string
  readonly roleArn: string
  readonly region: string
  readonly endpoint: string
  /** A session that came over an unchecked connection is only for those who accept that. */
  readonly verifyTls: boolean
  readonly durationSeconds: number | undefined
  readonly roleSessionName: string | undefined
  /** Which of several keys, should the certificates below belong to several. */
  readonly privateKey: string | undefined
  /** DER in base64: the whole certificate file, or the end-entity certificate alone. */
  readonly certificates: readonly string[]
}

/** The identity that sessions of this workload belong to. */
export function sessionIdentity(
  { params, endpoint, region, verifyTls, identityFiles }: Workload,
  certificates: readonly string[],
): SessionIdentity {
  const { protocol, hostname, port } = endpoint
  const { privateKey } = identityFiles
  // The properties always come in this order: the texts of equal identities are equal.
  return {
    trustAnchorArn: params.trustAnchorArn,
    profileArn: params.profileArn,
    roleArn: params.roleArn,
    region,
    endpoint: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    verifyTls,
    durationSeconds: params.durationSeconds,
    roleSessionName: params.roleSessionName,
    // A PKCS#11 URI may hold a PIN.
    privateKey: privateKey?.startsWith('pkcs11:') ? 'pkcs11' : privateKey,
    certificates,
  }
}

/**
 * A name for the files of an identity, 16 hexadecimal digits. No cryptography in it, since loading that
 * takes a tenth of the time in which the whole program can be done: should two identities ever have
 * one name, they displace each other's sessions, and neither takes the other's.
 */
export function identityName(identity: SessionIdentity): string {
  const text = JSON.stringify(identity)
  // Two multiplicative hashes of 32 bits that are mixed at the end, as in MurmurHash3.
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    high = Math.imul(high ^ unit, 0x9e3779b1)
    low = Math.imul(low ^ unit, 0x5f356495)
  }
  return [mixed(high, low), mixed(low, high)]
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('')
}

function mixed(one: number, other: number): number {
  const first = Math.imul(one ^ (one >>> 16), 0x85ebca6b)
  const second = Math.imul(other ^ (other >>> 13), 0xc2b2ae35)
  return (first ^ (second >>> 16)) >>> 0
}
