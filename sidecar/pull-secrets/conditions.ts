import type { Engine } from './engine.js'
import type { PullRegistry } from './keep-tokens-fresh.js'
import type { Condition } from './status-report.js'

/** Ready says that this replica could write: it knows the cluster, and has a password to write. */
export function readiness({ cluster, tokens }: Engine): { ready: boolean; text: string } {
  if (!cluster.synced()) return { ready: false, text: 'reading namespaces and service accounts' }
  if (tokens.entries().length === 0) {
    return { ready: false, text: 'waiting for an authorization token' }
  }
  return { ready: true, text: 'ok' }
}

/** What the controller says of itself, in the form of the conditions of Kubernetes. */
export function conditionsOf(
  { tokens, targets }: Engine,
  pending: number,
  registries: readonly PullRegistry[],
): readonly Condition[] {
  const failures = [...tokens.failures()]
  const missing = registries.filter((registry) => !tokens.token(registry)).map(({ name }) => name)
  return [
    {
      type: 'TokensFresh',
      status: failures.length === 0 ? 'True' : 'False',
      reason: failures[0]?.[1].code ?? 'Refreshed',
      message:
        failures.map(([registry, { message }]) => `${registry}: ${message}`).join('; ') ||
        `${registries.length} registries`,
    },
    {
      type: 'TokensUsable',
      status: missing.length === 0 ? 'True' : 'False',
      reason: missing.length === 0 ? 'Held' : 'NoToken',
      message: missing.length === 0 ? 'every registry has a password' : missing.join(', '),
    },
    {
      type: 'NamespacesServed',
      status: pending === 0 ? 'True' : 'False',
      reason: pending === 0 ? 'Written' : 'Writing',
      message:
        pending === 0
          ? `${targets()} namespaces have the pull secret`
          : 'some namespaces have something left to write',
    },
  ]
}
