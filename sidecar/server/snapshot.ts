import { RolesAnywhereError } from '../../src/errors.js'
import type { IdentityStore, SessionKeeper } from '../../src/index.js'
import type { CertificateSnapshot, FailureCode, RoleSnapshot } from './observer.js'

/** What a failure is counted as. */
export function failureCode(error: unknown): FailureCode {
  return error instanceof RolesAnywhereError ? error.code : 'internal'
}

/** The role without a name, as logs, metrics and pages call it. */
export const roleLabel = (name: string): string => name || 'default'

/** What is known of a role now. */
export function roleSnapshot(name: string, roleArn: string, keeper: SessionKeeper): RoleSnapshot {
  const { failures, failedAt, nextAttemptAt, ...session } = keeper.status()
  const error = keeper.lastFailure()
  return {
    name: roleLabel(name),
    roleArn,
    ...session,
    ...(nextAttemptAt && { nextRefreshAt: nextAttemptAt }),
    ...(failedAt && { failure: { code: failureCode(error), at: failedAt, count: failures } }),
  }
}

/** What is known of the certificate in use. */
export function certificateSnapshot(store: IdentityStore): CertificateSnapshot | undefined {
  const generation = store.generation()
  if (!generation) return undefined
  const { facts, identity, loadedAt } = generation
  const failure = store.failure()
  return {
    subject: facts.subject,
    serialNumber: facts.serialNumber,
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
    loadedAt,
    chainLength: identity.chain.length,
    ...(failure && { reloadFailure: { code: failureCode(failure.error), at: failure.at } }),
  }
}
