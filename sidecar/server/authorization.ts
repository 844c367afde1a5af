import { timingSafeEqual } from 'node:crypto'
import { type Answer, errorAnswer } from './http-answer.js'

/** Decides whether a client may have credentials. */
export interface Authorization {
  /**
   * @param header Value of the `Authorization` header.
   * @param role Name of the role that is asked for; empty for the default role.
   * @returns `undefined` when the client may have its credentials.
   */
  refusal(header: string | undefined, role: string): Answer | undefined
  /**
   * Looks whether there are other tokens by now, after a refusal with {@link UNKNOWN_TOKEN}. Takes
   * two seconds at the most, and never rejects.
   */
  look(role: string): Promise<void>
}

const nothingToLookAt = async (): Promise<void> => {}

/** Lets every process that reaches the server have credentials. */
export const openToAll: Authorization = { refusal: () => undefined, look: nothingToLookAt }

const NOT_OPEN = errorAnswer(
  403,
  'AuthorizationNotConfigured',
  'start serve with --authorization-token-file, or with --no-authorization, to open this path',
)

/** Lets nobody have credentials, and says which flag of `serve` would. */
export const closedToAll: Authorization = { refusal: () => NOT_OPEN, look: nothingToLookAt }

const MISSING = errorAnswer(401, 'MissingAuthorization', 'the Authorization header is missing')
const wrong = (): Answer =>
  errorAnswer(403, 'WrongAuthorization', 'the authorization token is not valid')

/** Longer than any token: no look changes that. */
const NO_TOKEN = wrong()

/** Refuses a token that is not known; it may be one that replaced the others a moment ago. */
export const UNKNOWN_TOKEN = wrong()

/**
 * Asks for one of the tokens as the whole value of the `Authorization` header; SDKs add no scheme,
 * and a `Bearer` that some client adds is ignored.
 *
 * @param tokens Asked on every request, so that a rotated token takes effect. The same array stands
 *   for the same tokens.
 * @param look Brings them up to date.
 */
export function tokenAuthorization(
  tokens: () => readonly string[],
  look: () => Promise<void> = nothingToLookAt,
): Authorization {
  const given = Buffer.alloc(TOKEN_BYTES)
  let known: readonly string[] = []
  let expected: readonly Buffer[] = []
  return {
    refusal(header) {
      const token = header?.replace(/^Bearer +/i, '')
      if (!token) return MISSING
      if (token.length > TOKEN_BYTES) return NO_TOKEN
      const current = tokens()
      if (current !== known) {
        known = current
        expected = current.map((text) => fillBlock(Buffer.alloc(TOKEN_BYTES), text))
      }
      fillBlock(given, token)
      let matches = false
      // Every token is compared, so that the time taken does not tell which one matched.
      for (const block of expected) if (timingSafeEqual(given, block)) matches = true
      return matches ? undefined : UNKNOWN_TOKEN
    },
    look,
  }
}

/**
 * Lets roles have tokens of their own. A role that has one is opened by nothing else, so that
 * containers of one pod can be kept to a role each.
 *
 * @param own By role name.
 * @param others Asked for every role that has none of its own.
 */
export function authorizationByRole(
  own: ReadonlyMap<string, Authorization>,
  others: Authorization,
): Authorization {
  const of = (role: string): Authorization => own.get(role) ?? others
  return {
    refusal: (header, role) => of(role).refusal(header, role),
    look: async (role) => of(role).look(role),
  }
}

/** Longest token there is, and the size of every comparison. */
const TOKEN_BYTES = 1024

/**
 * Blocks of one size are compared, so neither content nor length shows in the time taken. No header
 * and no token file can hold the zero bytes that fill a block.
 */
function fillBlock(block: Buffer, token: string): Buffer {
  block.fill(0)
  block.write(token, 'latin1')
  return block
}
