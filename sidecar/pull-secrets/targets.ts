import type { LabelSelector } from './label-selector.js'

/** Which namespaces and service accounts get the pull secret. */
export interface TargetRules {
  /** Names and patterns in which `*` and `?` stand for any text and any character. */
  readonly namespaces: readonly string[]
  readonly excludedNamespaces: readonly string[]
  readonly namespaceSelector: LabelSelector
  /** Names and patterns; a service account that one fits gets the Secret on its list. */
  readonly serviceAccounts: readonly string[]
}

/** A service account that says `true` or `false` here is served or not, whatever the rules say. */
export const SERVICE_ACCOUNT_ANNOTATION = 'rolesanywhere.io/pull-secret'

/** A service account says here which Secret this program put on its list: only that is taken off. */
export const ADDED_ANNOTATION = 'rolesanywhere.io/pull-secret-added'

/** What is known of a namespace. */
export interface NamespaceFacts {
  readonly labels: Readonly<Record<string, string>>
  /** It is going away, and takes nothing new. */
  readonly terminating: boolean
}

/** Whether a namespace is to have the Secret. */
export function isTarget(rules: TargetRules, name: string, facts: NamespaceFacts): boolean {
  return (
    !facts.terminating &&
    matchesAny(rules.namespaces, name) &&
    !matchesAny(rules.excludedNamespaces, name) &&
    rules.namespaceSelector(facts.labels)
  )
}

/** Whether a service account of such a namespace is to name it. */
export function isServed(
  rules: TargetRules,
  name: string,
  annotations: Readonly<Record<string, string>>,
): boolean {
  const asked = annotations[SERVICE_ACCOUNT_ANNOTATION]
  if (asked === 'true' || asked === 'false') return asked === 'true'
  return matchesAny(rules.serviceAccounts, name)
}

const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => glob(pattern).test(text))

const compiled = new Map<string, RegExp>()

function glob(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) return known
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  const made = new RegExp(`^${source}$`)
  compiled.set(pattern, made)
  return made
}
