import type { Policy } from '../policy/policy.js'
import type { Certificate } from '../x509/certificate.js'
import type { RevocationList } from '../x509/revocation-list.js'
import type { Arn } from './arn.js'

/** A CA registered with Roles Anywhere. */
export interface TrustAnchor {
  readonly arn: Arn
  readonly enabled: boolean
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** A Roles Anywhere profile: which roles, for how long, with which tags. */
export interface Profile {
  readonly arn: Arn
  readonly enabled: boolean
  readonly roleArns: readonly string[]
  readonly durationSeconds: number
  readonly acceptRoleSessionName: boolean
  readonly attributeMappings: AttributeMappings
  readonly sessionPolicy: Policy | undefined
}

/** Specifiers by certificate field; what is not named becomes no session tag. */
export type AttributeMappings = Readonly<
  Record<'x509Subject' | 'x509Issuer' | 'x509SAN', readonly string[]>
>

/** An IAM role. */
export interface Role {
  readonly arn: Arn
  readonly maxSessionDuration: number
  /** Without one, the role trusts Roles Anywhere in its own account. */
  readonly trustPolicy: Policy | undefined
  /** Without any, the role may do everything that the emulator offers. */
  readonly policies: readonly Policy[] | undefined
}

/** An S3 bucket with its objects, in memory. */
export interface Bucket {
  readonly name: string
  readonly region: string
  readonly createdAt: Date
  /** Whose bucket list it is in; without one, in everybody's. */
  readonly account: string | undefined
  readonly objects: Map<string, StoredObject>
}

/** An object of a bucket. */
export interface StoredObject {
  readonly content: Buffer
  readonly contentType: string
  readonly modifiedAt: Date
}

/** An ECR repository: its tags, which all lead to the same small image. */
export interface Repository {
  readonly name: string
  readonly account: string
  readonly region: string
  readonly tags: readonly string[]
  /** Who of other accounts may do what; nobody without one. */
  readonly policy: Policy | undefined
}

/** Everything the emulator knows of its little AWS. */
export interface World {
  /** The only region that answers; without one, every region does. */
  readonly region: string | undefined
  readonly trustAnchors: ReadonlyMap<string, TrustAnchor>
  readonly profiles: ReadonlyMap<string, Profile>
  readonly roles: ReadonlyMap<string, Role>
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly repositories: readonly Repository[]
}
