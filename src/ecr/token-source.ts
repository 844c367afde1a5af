import type { Clock } from '../clock.js'
import { RolesAnywhereError } from '../errors.js'
import type { Logger } from '../log.js'
import { type FailureKind, retryDelayMs } from '../session/refresh-schedule.js'
import type { AuthorizationToken } from './authorization-token.js'
import type { Registry } from './registry-host.js'
import { type RegistryRoles, roleKey } from './registry-roles.js'
import { TOKEN_MARGIN_MS, tokenRefreshDelayMs, tokenState } from './token-life.js'

/** Holds one password for each partition, region and role, however many registries ask. */
export interface TokenSource {
  /**
   * The password for a registry: the one held while it is in the first half of its life, else a new
   * one. Callers share one call. When renewing fails, the one held is given until a minute before its
   * end, and it is tried again after a pause that grows.
   *
   * @throws RolesAnywhereError what the last attempt failed with, when nothing usable is held.
   */
  token(registry: Registry): Promise<AuthorizationToken>
  /** What is held for a registry, for metrics and schedules. Never calls AWS. */
  status(registry: Registry): TokenStatus
  /** Forgets a password that a registry refused as expired; one that came later stays. */
  reject(registry: Registry, token: AuthorizationToken): void
}

/** What is known of the password for a registry. */
export interface TokenStatus {
  /** The password held, as long as it has a minute left by both clocks. */
  readonly token?: AuthorizationToken
  /** When it is to be renewed, or tried again after a failure. Absent before the first call. */
  readonly nextAttemptAt?: Date
  /** Why the last attempt failed; absent after a success. */
  readonly failure?: unknown
  /** Failures since the last success. */
  readonly failures: number
}

/** Effects of {@link keepTokens}. */
export interface TokenSourceDeps {
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
  /** Which role a registry is used with: registries of the same role share a password. */
  readonly roles: RegistryRoles
}

/** What is kept under one key. */
interface Slot {
  held?: Held | undefined
  pending?: Promise<AuthorizationToken>
  failure?: unknown
  failures: number
  /** By the monotonic clock. */
  retryAtMs: number
}

interface Held {
  readonly token: AuthorizationToken
  readonly sinceMonotonicMs: number
  readonly dueMs: number
}

/**
 * Keeps passwords in memory, for programs that run on. It has no timer: whoever needs passwords to be
 * renewed in time asks for them now and then, which costs nothing while they are fresh. Age counts by
 * the clock that went further, so neither a suspended machine nor a corrected clock is missed.
 *
 * @param fetch Obtains a new password; called once at a time for each partition, region and role.
 */
export function keepTokens(
  fetch: (registry: Registry) => Promise<AuthorizationToken>,
  deps: TokenSourceDeps,
): TokenSource {
  const { clock, random, log } = deps
  const slots = new Map<string, Slot>()

  function slotOf(registry: Registry): Slot {
    const key = tokenKey(registry, deps.roles)
    const slot = slots.get(key) ?? { failures: 0, retryAtMs: 0 }
    slots.set(key, slot)
    return slot
  }

  const ageMs = ({ token, sinceMonotonicMs }: Held): number =>
    Math.max(
      clock.now().getTime() - token.obtainedAt.getTime(),
      clock.monotonicMs() - sinceMonotonicMs,
    )
  const leftMs = (held: Held): number => held.token.lifeMs - TOKEN_MARGIN_MS - ageMs(held)
  const usable = (held: Held | undefined): AuthorizationToken | undefined =>
    held && tokenState(held.token, ageMs(held)) !== 'over' ? held.token : undefined

  async function renew(slot: Slot, registry: Registry): Promise<AuthorizationToken> {
    try {
      const token = await fetch(registry)
      const dueMs = tokenRefreshDelayMs(token.lifeMs, random())
      slot.held = { token, sinceMonotonicMs: clock.monotonicMs(), dueMs }
      slot.failure = undefined
      slot.failures = 0
      log.info('authorization token refreshed', {
        region: registry.region,
        expiration: token.expiresAt,
        nextRefreshAt: new Date(clock.now().getTime() + dueMs),
      })
      return token
    } catch (error) {
      slot.failure = error
      slot.failures++
      const held = usable(slot.held)
      const servedForMs = held && slot.held ? leftMs(slot.held) : 0
      const waitMs = retryDelayMs(failureKind(error), slot.failures, random(), { servedForMs })
      slot.retryAtMs = clock.monotonicMs() + waitMs
      const fields = { error, region: registry.region, failures: slot.failures }
      if (!held) throw error
      log.warn('refresh failed, keeping the authorization token held', {
        ...fields,
        servingUntil: held.expiresAt,
      })
      return held
    }
  }

  return {
    async token(registry) {
      const slot = slotOf(registry)
      const held = usable(slot.held)
      if (held && slot.held && ageMs(slot.held) < slot.held.dueMs) return held
      if (slot.pending) return slot.pending
      if (slot.failures > 0 && clock.monotonicMs() < slot.retryAtMs) {
        if (held) return held
        throw slot.failure
      }
      slot.pending = renew(slot, registry).finally(() => delete slot.pending)
      return slot.pending
    },
    status(registry) {
      const { held, failures, failure, retryAtMs } = slotOf(registry)
      const token = usable(held)
      const nowMs = clock.now().getTime()
      const nextMs =
        failures > 0
          ? nowMs + Math.max(0, retryAtMs - clock.monotonicMs())
          : held && nowMs + Math.max(0, held.dueMs - ageMs(held))
      return {
        failures,
        ...(token && { token }),
        ...(nextMs !== undefined && { nextAttemptAt: new Date(nextMs) }),
        ...(failure !== undefined && { failure }),
      }
    },
    reject(registry, token) {
      const slot = slotOf(registry)
      if (slot.held?.token === token) slot.held = undefined
    },
  }
}

/** What one password is good for: a partition, a region and a role; the gallery has its own. */
export function tokenKey(registry: Registry, roles: RegistryRoles): string {
  const { kind, partition, region } = registry
  return [kind, partition, region, roleKey(roles.roleFor(registry))].join('/')
}

function failureKind(error: unknown): FailureKind {
  if (!(error instanceof RolesAnywhereError)) return 'transient'
  if (error.code === 'ERR_RA_THROTTLED') return 'throttled'
  return error.kind === 'unavailable' || error.kind === 'internal' ? 'transient' : 'terminal'
}
