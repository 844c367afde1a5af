import type { SessionCredentials } from '../protocol/session-credentials.js'
import { freshness } from './freshness.js'
import { readSessionOf, sessionPath } from './session-files.js'
import { identityName, type SessionIdentity } from './session-identity.js'

/**
 * The cached session of an identity, if it can be handed out as it is. Looks at one file, and loads
 * nothing that reaches the service.
 *
 * @param folder One that `sessionFolder` trusts.
 * @returns `undefined` when there is none, or when it is time to renew it.
 */
export function freshSession(
  folder: string,
  identity: SessionIdentity,
  now: Date,
): SessionCredentials | undefined {
  const entry = readSessionOf(sessionPath(folder, identityName(identity)), identity)
  if (entry === undefined) return undefined
  const state = freshness(entry, now)
  return state === 'fresh' || state === 'held' ? entry.credentials : undefined
}
