import type { Secret } from '../secret.js'

/** Temporary AWS credentials that CreateSession returned. */
export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  readonly sessionToken: Secret
  /** Instant at which AWS stops accepting them. */
  readonly expiration: Date
}

/** What CreateSession answered, beyond the credentials themselves. Nothing but `credentials` is secret. */
export interface Session {
  readonly credentials: SessionCredentials
  /** ARN of the assumed-role session, as STS names it; absent when the service left it out. */
  readonly assumedRoleArn: string | undefined
  /** ARN of the Roles Anywhere subject that stands for this certificate's subject. */
  readonly subjectArn: string | undefined
}
