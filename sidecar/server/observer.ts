import type { ErrorCode } from '../../src/errors.js'

/** What is known of one role. Nothing here is secret. */
export interface RoleSnapshot {
  /** `default` for the role that has no name of its own. */
  readonly name: string
  readonly roleArn: string
  /** End of the session held; absent while there is none. */
  readonly expiration?: Date
  /** When the session held was obtained. */
  readonly refreshedAt?: Date
  /** When the next attempt is due. */
  readonly nextRefreshAt?: Date
  /** Whether the session held is past the time when it should have been renewed. */
  readonly stale: boolean
  /** The last failure and how many there were in a row; absent after a success. */
  readonly failure?: { readonly code: FailureCode; readonly at: Date; readonly count: number }
}

/** What is known of the certificate in use. */
export interface CertificateSnapshot {
  readonly subject: string
  /** Decimal, as the session's name has it. */
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly loadedAt: Date
  /** Intermediates that are sent along. */
  readonly chainLength: number
  /** Why the files on disk are not the ones in use; absent when they are. */
  readonly reloadFailure?: { readonly code: FailureCode; readonly at: Date }
}

/** Something that happened, for people. The message and the role are all there is. */
export interface SidecarEvent {
  readonly at: Date
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly role?: string
}

/** Everything that status pages and metrics show, at one moment. */
export interface SidecarSnapshot {
  readonly startedAt: Date
  /** Absent until the first certificate could be read. */
  readonly certificate?: CertificateSnapshot
  readonly roles: readonly RoleSnapshot[]
  /** The last fifty, oldest first. */
  readonly events: readonly SidecarEvent[]
}

/** A code of this package, or `internal` for a bug in it. */
export type FailureCode = ErrorCode | 'internal'

/** How an attempt ended. */
export type Outcome = 'success' | FailureCode

/** Told what happens, for counting. No method throws, waits or keeps what it is given. */
export interface SidecarCounters {
  /** An attempt to obtain a session ended. */
  onRefresh(role: string, outcome: Outcome, durationMs: number): void
  /** Changed certificate files were read: taken into use, or not and why. */
  onReload(outcome: Outcome): void
  /** A request was answered with a session past the time when it should have been renewed. */
  onStaleServed(role: string): void
  /** A request was answered: the route's name, the HTTP status and how long it took. */
  onCredentialRequest(route: string, status: number, durationMs: number): void
}

/** What is going on in the sidecar: told by its parts, asked by status pages and metrics. */
export interface Observer extends SidecarCounters {
  snapshot(): SidecarSnapshot
}
