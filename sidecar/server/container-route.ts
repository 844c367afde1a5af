import { containerDocument, type Logger, type ObtainedSession } from '../../src/index.js'
import { type Answer, documentAnswer, errorAnswer } from './http-answer.js'

/** Path of the default role; a named role follows after a slash. */
export const CREDENTIALS_PATH = '/v1/credentials'

/** Clients built on the AWS CRT, among them Mountpoint for S3, refuse a longer document. */
const CRT_MAX_BYTES = 10_000

/** One role's session, as far as the route needs it. */
export interface SessionHolder {
  current(): ObtainedSession | undefined
}

/** Sessions by role name; the empty name is the default role. */
export type Sessions = ReadonlyMap<string, SessionHolder>

/** The document of the session held last; encoding it again for each request would be waste. */
const encoded = new WeakMap<ObtainedSession, Answer>()

// Clients treat 400 and 404 as final; 503 is "not yet".
const NO_SESSION = errorAnswer(503, 'NoSession', 'no valid session at the moment')

/**
 * The role that a request target names, whether or not there is such a role. A trailing slash and a
 * query do not matter; nothing is decoded, since no role name needs it.
 *
 * @returns The empty name for the default role, `undefined` when it is no credentials path.
 */
export function roleAt(target: string): string | undefined {
  if (target === CREDENTIALS_PATH) return ''
  if (!target.startsWith(CREDENTIALS_PATH)) return undefined
  const rest = /^(?:\/([^/?#]+))?\/?(?:\?.*)?$/.exec(target.slice(CREDENTIALS_PATH.length))
  return rest ? (rest[1] ?? '') : undefined
}

/**
 * Answers a container credentials client: the session held, or 503 at once. Never waits for AWS.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function credentialsAnswer(holder: SessionHolder, log: Logger): Answer {
  const session = holder.current()
  if (!session) return NO_SESSION
  const known = encoded.get(session)
  if (known) return known
  const { credentials, roleArn } = session
  // As ECS answers; SDKs ignore it, and our own `credential-process` knows by it whom it asks.
  const document = { ...containerDocument(credentials), ...(roleArn && { RoleArn: roleArn }) }
  const answer = documentAnswer(200, document)
  if (answer.bytes > CRT_MAX_BYTES) {
    log.warn('credentials too long for AWS CRT clients such as Mountpoint for S3', {
      bytes: answer.bytes,
      limitBytes: CRT_MAX_BYTES,
    })
  }
  encoded.set(session, answer)
  return answer
}
