import type { Clock } from '../clock.js'
import type { Logger } from '../log.js'
import type { AuthorizationToken } from './authorization-token.js'
import { parseTokenEntry, tokenEntryText, type TokenOwner } from './token-entry.js'
import { tokenState } from './token-life.js'
import type { TokenStore } from './token-store.js'

/** Effects of {@link cachedToken}. */
export interface CachedTokenDeps {
  readonly store: TokenStore
  readonly clock: Clock
  readonly log: Logger
}

/** What to get, and what not to be content with. */
export interface CachedTokenRequest {
  /** Stands for identity, role, partition and region: nobody else's password is under it. */
  readonly name: string
  /** For people who look into the store. */
  readonly owner?: TokenOwner | undefined
  readonly fetch: () => Promise<AuthorizationToken>
  /** A password that a registry refused; another one is wanted. */
  readonly refused?: AuthorizationToken | undefined
}

/** Who has waited for that many others in vain does it alone. */
const MAX_WAITS = 5

/**
 * A password that processes share: the one in the store for the first half of its life, else a new
 * one, which only one process fetches while the others wait for it. When that fails, the one in the
 * store is given until a minute before its end, and never later.
 *
 * @throws RolesAnywhereError what `fetch` failed with, here or in the process that was waited for,
 *   when the store holds nothing usable.
 */
export async function cachedToken(
  request: CachedTokenRequest,
  deps: CachedTokenDeps,
): Promise<AuthorizationToken> {
  const { store, log } = deps
  for (let waits = 0; ; waits++) {
    const held = look(request, deps)
    if (held?.state === 'fresh') return held.token
    const lock = waits < MAX_WAITS ? await store.lock(request.name) : { alone: 'waited too often' }
    if ('ended' in lock) continue
    try {
      if ('refused' in lock) throw lock.refused
      if ('alone' in lock) {
        log.debug('renewing the registry password without a lock', { reason: lock.alone })
        return await renewed(request, deps)
      }
      try {
        const token = await renewed(request, deps)
        lock.held.release()
        return token
      } catch (error) {
        lock.held.release(error)
        throw error
      }
    } catch (error) {
      const last = look(request, deps)
      if (last?.state !== 'usable') throw error
      log.warn('refresh failed, using the authorization token held', {
        error,
        servingUntil: last.token.expiresAt,
      })
      return last.token
    }
  }
}

interface Found {
  readonly token: AuthorizationToken
  readonly state: ReturnType<typeof tokenState>
}

function look(
  { name, refused }: CachedTokenRequest,
  { store, clock }: CachedTokenDeps,
): Found | undefined {
  const text = store.read(name)
  const token = text && parseTokenEntry(text.reveal())?.token
  if (!token || token.password.reveal() === refused?.password.reveal()) return undefined
  return { token, state: tokenState(token, clock.now().getTime() - token.obtainedAt.getTime()) }
}

/** Looked at once more: whoever had the lock before may have brought one. */
async function renewed(
  request: CachedTokenRequest,
  deps: CachedTokenDeps,
): Promise<AuthorizationToken> {
  const held = look(request, deps)
  if (held?.state === 'fresh') return held.token
  const token = await request.fetch()
  deps.store.write(request.name, tokenEntryText({ token, owner: request.owner }))
  return token
}
