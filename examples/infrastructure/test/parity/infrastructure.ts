/** What was made, without the names and the order that each tool chooses for itself. */
export interface Infrastructure {
  readonly trustAnchor: {
    readonly enabled: boolean
    readonly source: string
    readonly notifications: readonly string[]
  }
  readonly revocationLists: readonly string[]
  readonly profile: {
    readonly enabled: boolean
    readonly durationSeconds: number
    readonly acceptRoleSessionName: boolean
    readonly roles: readonly string[]
    readonly sessionPolicy: readonly string[]
    readonly managedPolicyArns: readonly string[]
  }
  readonly roles: Readonly<Record<string, Role>>
  readonly repository: {
    readonly name: string
    readonly settings: readonly unknown[]
    readonly lifecycle: unknown
    readonly policy: readonly string[]
  }
  readonly alarms: readonly string[]
  readonly topic: {
    readonly events: unknown
    readonly targets: readonly string[]
    readonly policy: readonly string[]
    readonly emails: readonly string[]
    readonly displayName: unknown
  }
  readonly outputs: Readonly<Record<string, string>>
}

/** A role, by what it is for. */
export interface Role {
  readonly name: string | undefined
  readonly maxSessionSeconds: number
  readonly trust: readonly string[]
  readonly permissions: readonly string[]
}

interface Statement {
  readonly Effect: string
  readonly Action: unknown
  readonly Resource?: unknown
  readonly Principal?: Record<string, unknown>
  readonly Condition?: Record<string, Record<string, unknown>>
}

/**
 * What a policy says, one line for each action on each resource, in alphabetical order: two
 * documents that say the same are equal, however their statements are cut.
 */
export function sayings(document: unknown): string[] {
  if (document === undefined || document === null || document === '') return []
  const { Statement } = (typeof document === 'string' ? JSON.parse(document) : document) as {
    Statement: Statement | Statement[]
  }
  return [Statement].flat().flatMap(linesOf).sort()
}

function linesOf({ Effect, Action, Resource, Principal, Condition = {} }: Statement): string[] {
  const conditions = Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(
      ([key, value]) => `${operator} ${key} ${list(value).sort().join('|')}`,
    ),
  )
  const principals = Object.entries(Principal ?? { '': '' }).flatMap(([kind, names]) =>
    list(names).map((name) => `${kind} ${name.replace(/^(\d{12})$/, 'arn:aws:iam::$1:root')}`),
  )
  const under = conditions.length === 0 ? '' : ` if ${conditions.sort().join(', ')}`
  return principals.flatMap((principal) =>
    list(Action).flatMap((action) =>
      list(Resource ?? '').map((resource) =>
        [Effect, principal.trim(), action, resource].filter(Boolean).join(' ').concat(under),
      ),
    ),
  )
}

const list = (value: unknown): string[] => [value].flat().map(String)

/** One line of what matters, whatever the order of members. */
export const line = (...parts: readonly unknown[]): string => parts.map(String).join(' ')

/** Names of things in place of the ARNs and names that a tool made up for them. */
export function withSymbols<T>(value: T, symbols: Readonly<Record<string, string>>): T {
  const longestFirst = Object.entries(symbols).sort(([, a], [, b]) => b.length - a.length)
  const text = longestFirst.reduce(
    (rest, [symbol, name]) => rest.replaceAll(name, `{${symbol}}`),
    JSON.stringify(value),
  )
  return JSON.parse(text) as T
}
