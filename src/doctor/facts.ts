import type { X509Certificate } from 'node:crypto'
import type { AuthorizationToken } from '../ecr/authorization-token.js'
import type { Secret } from '../secret.js'
import type { Target } from '../protocol/arn.js'
import type { Endpoint } from '../protocol/endpoints.js'
import type { ObtainedSession } from '../session/create-session.js'
import type { CaBundle } from '../session/tls-trust.js'
import type { CertificateFacts } from '../x509/certificate-facts.js'
import type { Identity } from '../x509/identity.js'
import type { NamedBytes } from '../x509/named-bytes.js'
import type { SdkView } from './judgements/sdk-chain.js'
import type { SettingsView } from './settings-view.js'

/** What checks learn and pass on. A fact is absent until the check that gives it has passed. */
export interface Facts {
  readonly settings: SettingsView
  readonly certificateFile: NamedBytes
  /** `null` when the key is in the certificate's own file. */
  readonly keyFile: NamedBytes | null
  /** `null` when none were given. */
  readonly intermediatesFile: NamedBytes | null
  readonly passphrase: Secret
  /** The certificate that the service holds as trust anchor, when somebody has it at hand. */
  readonly anchorFile: NamedBytes
  /** Of the certificate's file, in its order. */
  readonly certificates: readonly X509Certificate[]
  /** The end-entity certificate: the one that the key belongs to, or the likeliest. */
  readonly certificate: X509Certificate
  readonly certificateFacts: CertificateFacts
  /** Certificate and key belong together; the chain holds what the certificate's file has. */
  readonly identity: Identity
  /** Issuer of the certificate first. */
  readonly chain: readonly X509Certificate[]
  readonly arns: {
    readonly trustAnchorArn: string
    readonly profileArn: string
    readonly roleArn: string
  }
  readonly target: Target
  readonly endpoint: Endpoint
  /** Roots for TLS; `null` when none were given. */
  readonly caBundle: CaBundle | null
  /** How the endpoint is reached; `null` is directly. */
  readonly proxy: URL | null
  /** Addresses of the host that connections are made to. */
  readonly addresses: readonly string[]
  /** That host takes connections. */
  readonly connected: true
  /** The endpoint's certificate is trusted, or needs not be. */
  readonly secured: true
  /** The endpoint answers HTTP. */
  readonly answered: true
  readonly session: ObtainedSession
  readonly sdkView: SdkView
  readonly registryPassword: AuthorizationToken
}
