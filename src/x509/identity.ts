import type { KeyObject, X509Certificate } from 'node:crypto'
import type { DeviceKey } from './device-key.js'

/** End-entity certificate, its private key, and the chain between it and the trust anchor. */
export interface Identity {
  readonly certificate: X509Certificate
  /** In memory, or in a device. */
  readonly privateKey: KeyObject | DeviceKey
  /** Issuer of `certificate` first; without `certificate`, duplicates and self-signed roots. */
  readonly chain: readonly X509Certificate[]
  /** What messages call the files, for example `certificate "/x/tls.crt"`. Absent: nobody knows. */
  readonly names?: { readonly certificate: string; readonly privateKey: string }
  /** What was odd about the files without being wrong, one sentence each. Worth a line in the log. */
  readonly warnings?: readonly string[]
}
