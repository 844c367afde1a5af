import type { AwsProfiles } from './aws-profiles.js'
import type { FileFacts } from './file-facts.js'
import type { Handshake, HostPort, TlsTarget } from './handshake.js'

/** Everything that checks do to the world besides sending HTTP requests. */
export interface Probes {
  /** What the file system says of a path. Never throws. */
  file(path: string): FileFacts
  /**
   * The config and credentials files of AWS SDKs.
   *
   * @throws RolesAnywhereError `ERR_RA_CONFIG_FILE_INVALID`.
   */
  awsProfiles(): Promise<AwsProfiles>
  /** @throws Error of `node:dns`, or the signal's reason. */
  lookup(hostname: string, signal: AbortSignal): Promise<readonly string[]>
  /** Opens a connection and closes it. Rejects with Node's error, or the signal's reason. */
  connect(target: HostPort, signal: AbortSignal): Promise<void>
  /** Rejects with Node's error, a `RolesAnywhereError`, or the signal's reason. */
  handshake(target: TlsTarget, signal: AbortSignal): Promise<Handshake>
}
