import type { RegistryEntry, SecretFacts } from './pull-secret.js'

/** A service account as far as it matters here. */
export interface AccountFacts {
  readonly name: string
  readonly resourceVersion: string
  readonly uid: string
  /** Whether it is to name the Secret. */
  readonly served: boolean
  /** Names on its list `imagePullSecrets`, in order. */
  readonly pullSecrets: readonly string[]
  /** Whether it says that this program put the Secret on its list. */
  readonly added: boolean
  /** Whether it has annotations at all. */
  readonly annotated: boolean
}

/** What to do in one namespace. */
export interface NamespacePlan {
  readonly secret: SecretStep
  /** Service accounts whose list lacks the Secret. */
  readonly add: readonly AccountFacts[]
  /** Service accounts that name it because of this program, and should not. */
  readonly remove: readonly AccountFacts[]
}

/** What to do with the Secret. */
export type SecretStep =
  | { readonly kind: 'none' | 'create' | 'update' | 'delete' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string }

/** Everything that {@link planNamespace} looks at. */
export interface NamespaceState {
  /** Whether the namespace is to have the Secret. */
  readonly wanted: boolean
  readonly secretName: string
  readonly secret?: SecretFacts
  readonly accounts: readonly AccountFacts[]
  /** Registries with a password at hand. */
  readonly entries: readonly RegistryEntry[]
  /** All registries that the Secret is for. */
  readonly registries: readonly string[]
}

/**
 * Decides what one namespace needs. Pure: the same state gives the same plan, and the state after the
 * plan was carried out needs nothing.
 *
 * A Secret that somebody else made is never touched, and no service account names it because of us. A
 * good Secret is never replaced by one that is worse: it is written only when that gives a registry a
 * password that lasts longer, or when its content is not what was written.
 */
export function planNamespace(state: NamespaceState, now: Date): NamespacePlan {
  const secret = secretStep(state, now)
  const holds = secret.kind === 'none' || secret.kind === 'create' || secret.kind === 'update'
  const named = ({ pullSecrets }: AccountFacts): boolean => pullSecrets.includes(state.secretName)
  // Somebody else's Secret may rely by now on the entry that was made for ours.
  const foreign = secret.kind === 'refuse'
  return {
    secret,
    add: holds && state.wanted ? state.accounts.filter((x) => x.served && !named(x)) : [],
    // What somebody else put on a list stays there, for a Secret of theirs or one that comes later.
    remove: foreign
      ? []
      : state.accounts.filter(({ added, served }) => added && !(state.wanted && served)),
  }
}

function secretStep(state: NamespaceState, now: Date): SecretStep {
  const { secret, wanted, entries, secretName } = state
  if (!wanted) return { kind: secret?.owned && !secret.terminating ? 'delete' : 'none' }
  if (!secret) {
    return entries.length > 0
      ? { kind: 'create' }
      : { kind: 'wait', reason: 'there is no authorization token yet' }
  }
  if (!secret.owned) {
    return { kind: 'refuse', reason: `Secret ${secretName} exists and was made by somebody else` }
  }
  if (secret.terminating) return { kind: 'wait', reason: 'the Secret is being deleted' }
  const better = entries.some((entry) => isDue(entry, secret, now))
  const extra = [...secret.expirations.keys()].some((name) => !state.registries.includes(name))
  if (!secret.intact && entries.length === 0) {
    return { kind: 'wait', reason: 'there is no authorization token yet' }
  }
  return { kind: better || extra || !secret.intact ? 'update' : 'none' }
}

/**
 * Whether the password held is worth writing: the one in the Secret is in the second half of its life,
 * and this one lasts longer. A new leader with a younger password does not rewrite every namespace.
 */
function isDue({ registry, token }: RegistryEntry, secret: SecretFacts, now: Date): boolean {
  const writtenMs = secret.expirations.get(registry)
  if (writtenMs === undefined) return true
  const leftMs = writtenMs - now.getTime()
  return token.expiresAt.getTime() > writtenMs && leftMs < token.lifeMs / 2
}
