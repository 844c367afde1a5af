import type { KeyObject, X509Certificate } from 'node:crypto'

/** End-entity certificate, its private key, and the chain between it and the trust anchor. */
export interface Identity {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
  /** Issuer of `certificate` first; without `certificate`, duplicates and self-signed roots. */
  readonly chain: readonly X509Certificate[]
  /** What was odd about the files without being wrong, one sentence each. Worth a line in the log. */
  readonly warnings?: readonly string[]
}
