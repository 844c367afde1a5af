/**
 * The state document as a program or a file writes it. docs/emulator.md explains each member.
 * It is checked member by member when it is read; the type helps those who write it in TypeScript.
 */
export interface StateDocument {
  readonly region?: string
  readonly trustAnchors?: readonly TrustAnchorDocument[]
  readonly profiles?: readonly ProfileDocument[]
  readonly roles?: readonly RoleDocument[]
  readonly buckets?: readonly BucketDocument[]
  readonly repositories?: readonly RepositoryDocument[]
}

/** A trust anchor; exactly one of `certificate` and `certificateFile`. */
export interface TrustAnchorDocument {
  readonly arn: string
  readonly enabled?: boolean
  /** One or two CA certificates in PEM. */
  readonly certificate?: string
  readonly certificateFile?: string
  readonly crls?: readonly CrlDocument[]
}

/** An imported CRL; exactly one of `crl` and `crlFile`. */
export interface CrlDocument {
  readonly enabled?: boolean
  /** PEM text. */
  readonly crl?: string
  /** PEM or DER. */
  readonly crlFile?: string
  /** Intermediate CA that signed the list, in PEM, when the trust anchor did not. */
  readonly issuer?: string
  readonly issuerFile?: string
}

/** A profile. */
export interface ProfileDocument {
  readonly arn: string
  readonly enabled?: boolean
  readonly roleArns: readonly string[]
  readonly durationSeconds?: number
  readonly acceptRoleSessionName?: boolean
  readonly attributeMappings?: readonly {
    readonly certificateField: 'x509Subject' | 'x509Issuer' | 'x509SAN'
    readonly mappingRules: readonly { readonly specifier: string }[]
  }[]
  readonly sessionPolicy?: PolicyDocument
}

/** An IAM policy document. */
export interface PolicyDocument {
  readonly Version?: string
  readonly Id?: string
  readonly Statement: unknown
}

/** A role. */
export interface RoleDocument {
  readonly arn: string
  readonly maxSessionDuration?: number
  readonly trustPolicy?: PolicyDocument
  readonly policies?: readonly PolicyDocument[]
}

/** A bucket. */
export interface BucketDocument {
  readonly name: string
  readonly region?: string
  readonly createdAt?: string
  readonly account?: string
  readonly objects?: readonly {
    readonly key: string
    readonly content?: string
    readonly contentFile?: string
    readonly contentType?: string
  }[]
}

/** A repository. */
export interface RepositoryDocument {
  readonly name: string
  readonly account: string
  readonly region: string
  /** They all lead to the same small image. */
  readonly tags?: readonly string[]
  /** Repository policy: who of other accounts may do what. */
  readonly policy?: PolicyDocument
}
