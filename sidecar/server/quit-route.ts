import type { IncomingMessage } from 'node:http'
import type { Authorization } from './authorization.js'
import { type Answer, documentAnswer, errorAnswer } from './http-answer.js'

/** Path by which a client ends the server. */
export const QUIT_PATH = '/v1/quit'

/** How the server is ended by a client. */
export interface QuitRoute {
  /** Asked as for the credentials of the default role. */
  readonly authorization: Authorization
  /** Ends the server as SIGTERM does; called after the answer, once for each that was accepted. */
  readonly quit: () => void
  /** What a client gets whose request is followed. */
  readonly accepted: Answer
}

/** Makes the route. */
export const quitRoute = (authorization: Authorization, quit: () => void): QuitRoute => ({
  authorization,
  quit,
  accepted: documentAnswer(200, { message: 'ending' }),
})

/** Whether a request target is the path; a trailing slash and a query do not matter. */
export const isQuitTarget = (target: string): boolean => /^\/v1\/quit\/?(?:\?.*)?$/.test(target)

/**
 * Answers a request to end, which has to be a POST with the authorization token: no page, prefetch or
 * probe sends one by accident.
 *
 * @returns {@link QuitRoute.accepted} when it is to be followed.
 */
export function quitAnswer(
  { authorization, accepted }: QuitRoute,
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
): Answer {
  if (method !== 'POST') return ONLY_POST
  return authorization.refusal(headers.authorization, '') ?? accepted
}

const ONLY_POST = errorAnswer(405, 'MethodNotAllowed', 'only POST is answered', { allow: 'POST' })
