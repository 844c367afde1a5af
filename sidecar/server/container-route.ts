import { containerDocument, type ObtainedSession } from '../../src/index.js'
import { type Answer, documentAnswer, errorAnswer } from './http-answer.js'

/** Path of the default role; a named role follows after a slash. */
export const CREDENTIALS_PATH = '/v1/credentials'

/** One role's session, as far as the route needs it. */
export interface SessionHolder {
  current(): ObtainedSession | undefined
}

/** Sessions by role name; the empty name is the default role. */
export type Sessions = ReadonlyMap<string, SessionHolder>

/** The document of the session held last; encoding it again for each request would be waste. */
const encoded = new WeakMap<ObtainedSession, Answer>()

/**
 * The holder that a path names; a trailing slash and a query do not matter.
 *
 * @returns `undefined` when the path is no credentials path of a known role.
 */
export function sessionAt(target: string, sessions: Sessions): SessionHolder | undefined {
  const path = (target.split('?', 1)[0] ?? '').replace(/\/$/, '')
  if (path === CREDENTIALS_PATH) return sessions.get('')
  if (!path.startsWith(`${CREDENTIALS_PATH}/`)) return undefined
  return sessions.get(path.slice(CREDENTIALS_PATH.length + 1))
}

/**
 * Answers a container credentials client: the session held, or 503 at once. Never waits for AWS.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function credentialsAnswer(holder: SessionHolder): Answer {
  const session = holder.current()
  // Clients treat 400 and 404 as final; 503 is "not yet".
  if (!session) return errorAnswer(503, 'NoSession', 'no valid session at the moment')
  const known = encoded.get(session)
  if (known) return known
  const answer = documentAnswer(200, containerDocument(session.credentials))
  encoded.set(session, answer)
  return answer
}
