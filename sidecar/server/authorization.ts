import { timingSafeEqual } from 'node:crypto'
import { type Answer, errorAnswer } from './http-answer.js'

/** Decides whether a client may have credentials. */
export interface Authorization {
  /** @returns `undefined` when it may. */
  refusal(header: string | undefined): Answer | undefined
}

/** Lets every process that reaches the server have credentials. */
export const openToAll: Authorization = { refusal: () => undefined }

/**
 * Asks for one of the tokens as the whole value of the `Authorization` header; SDKs add no scheme,
 * and a `Bearer` that some client adds is ignored.
 *
 * @param tokens Asked on every request, so that a rotated token takes effect.
 */
export function tokenAuthorization(tokens: () => readonly string[]): Authorization {
  return {
    refusal(header) {
      const given = header?.trim().replace(/^Bearer +/i, '')
      if (!given) {
        return errorAnswer(401, 'MissingAuthorization', 'the Authorization header is missing')
      }
      // Every token is compared, so that the time taken does not tell which one matched.
      const matches = tokens().map((token) => sameToken(given, token))
      if (matches.includes(true)) return undefined
      return errorAnswer(403, 'WrongAuthorization', 'the authorization token is not valid')
    },
  }
}

/** Longest token there is, and the size of every comparison. */
const TOKEN_BYTES = 1024

/** Compares blocks of one size, so neither content nor length shows in the time taken. */
function sameToken(given: string, expected: string): boolean {
  if (given.length > TOKEN_BYTES) return false
  return timingSafeEqual(padded(given), padded(expected))
}

/** No header and no token file can hold the zero bytes that fill the block. */
function padded(token: string): Buffer {
  const block = Buffer.alloc(TOKEN_BYTES)
  block.write(token, 'latin1')
  return block
}
