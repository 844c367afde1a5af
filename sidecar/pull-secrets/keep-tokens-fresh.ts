import type { Clock } from '../../src/clock.js'
import { kindOf, RolesAnywhereError } from '../../src/errors.js'
import type { AuthorizationToken, Registry, TokenSource } from '../../src/index.js'
import type { Logger } from '../../src/log.js'
import type { RegistryEntry } from './pull-secret.js'

/**
 * How often is asked whether a password is due, which costs nothing while it is not. So soon, too, a
 * machine that was suspended or a clock that was set is noticed.
 */
const LOOK_MS = 5_000

/** A registry that pods pull from. */
export interface PullRegistry {
  /** The classic host; names it in metrics and messages. */
  readonly name: string
  readonly registry: Registry
  /** Every host name that its password is good for. */
  readonly hosts: readonly string[]
}

/** Passwords that are renewed in time. */
export interface FreshTokens {
  /** Registries with a password at hand, which has at least a minute left. */
  entries(): readonly RegistryEntry[]
  token(registry: PullRegistry): AuthorizationToken | undefined
  /** Why the last attempt failed, by name of the registry. */
  failures(): ReadonlyMap<string, RolesAnywhereError>
  /** Asks for all of them once; resolves when each has an answer. */
  readonly first: Promise<void>
  stop(): Promise<void>
}

/** Effects of {@link keepTokensFresh}. */
export interface FreshTokensDeps {
  readonly source: TokenSource
  readonly clock: Clock
  readonly log: Logger
  /** A registry has another password than before. */
  readonly onChange: () => void
  readonly onRefresh: (registry: string, result: string) => void
  /** A registry's password could not be renewed, for another reason than before. */
  readonly onFailure: (registry: string, error: RolesAnywhereError) => void
}

/** Asks for every registry's password again and again. A failure of one leaves the others alone. */
export function keepTokensFresh(
  registries: readonly PullRegistry[],
  deps: FreshTokensDeps,
): FreshTokens {
  const { source, clock, log } = deps
  const ending = new AbortController()
  const held = new Map<string, AuthorizationToken>()
  const failures = new Map<string, RolesAnywhereError>()
  let attempts = new Map<string, number>()

  const look = async ({ name, registry }: PullRegistry): Promise<boolean> => {
    let token: AuthorizationToken | undefined
    try {
      token = await source.token(registry)
    } catch (error) {
      if (kindOf(error) === 'internal') log.error('registry password not renewed', { error })
    }
    note(name, source.status(registry))
    // Not to be handed out any more: a Secret that holds it is better left as it is.
    if (!token) held.delete(name)
    if (!token || held.get(name) === token) return false
    held.set(name, token)
    deps.onRefresh(name, 'success')
    return true
  }

  const note = (
    name: string,
    { failure, failures: count }: { readonly failure?: unknown; readonly failures: number },
  ): void => {
    const before = attempts.get(name) ?? 0
    attempts = new Map(attempts).set(name, count)
    if (!(failure instanceof RolesAnywhereError)) {
      failures.delete(name)
      return
    }
    if (count !== before) deps.onRefresh(name, failure.code)
    const isNew = failures.get(name)?.message !== failure.message
    failures.set(name, failure)
    if (!isNew) return
    log.warn('registry password not renewed', { registry: name, error: failure })
    deps.onFailure(name, failure)
  }

  const lookAtAll = async (): Promise<void> => {
    const changes = await Promise.all(registries.map(look))
    if (changes.includes(true)) deps.onChange()
  }
  const first = lookAtAll()
  const run = async (): Promise<void> => {
    await first
    while (!ending.signal.aborted) {
      await clock.sleep(LOOK_MS, { signal: ending.signal })
      if (!ending.signal.aborted) await lookAtAll()
    }
  }
  const running = run()
  return {
    entries: () =>
      registries.flatMap(({ name, registry, hosts }) => {
        const { token } = source.status(registry)
        return token ? [{ registry: name, hosts, token }] : []
      }),
    token: ({ registry }) => source.status(registry).token,
    failures: () => failures,
    first,
    async stop() {
      ending.abort()
      await running
    },
  }
}
