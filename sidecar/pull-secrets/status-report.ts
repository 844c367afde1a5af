import type { Clock } from '../../src/clock.js'
import type { Logger } from '../../src/log.js'
import type { KubeClient } from '../kube/client.js'
import { type KubeObject, RESOURCES } from '../kube/objects.js'

/** Often enough for people, and seldom enough for the API server. */
const WRITE_MS = 10_000

/** One statement about the controller, in the form that conditions have everywhere. */
export interface Condition {
  /** In upper camel case, for example `TokensFresh`. */
  readonly type: string
  readonly status: 'True' | 'False'
  /** In upper camel case. */
  readonly reason: string
  /** For people. No secret. */
  readonly message: string
}

/** Where conditions are written: a ConfigMap that exists. */
export interface StatusReportInit {
  readonly namespace: string
  readonly name: string
  readonly conditions: () => readonly Condition[]
  readonly client: Pick<KubeClient, 'get' | 'replace'>
  readonly clock: Clock
  readonly log: Logger
}

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

interface WrittenCondition extends Condition {
  readonly lastTransitionTime: string
}

/**
 * Conditions with the instant of their last change, from those written before.
 *
 * @param before What the ConfigMap holds; anything else than conditions counts as nothing.
 */
export function withTransitions(
  conditions: readonly Condition[],
  before: string | undefined,
  now: Date,
): readonly WrittenCondition[] {
  const known = new Map(parse(before).map((condition) => [condition.type, condition]))
  return conditions.map((condition) => {
    const old = known.get(condition.type)
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined
    return { ...condition, lastTransitionTime: since ?? now.toISOString() }
  })
}

/**
 * Writes the conditions when they change, while `signal` is not aborted. For
 * `kubectl get configmap NAME -o yaml`, and for tools that wait.
 */
export async function reportStatus(init: StatusReportInit, signal: AbortSignal): Promise<void> {
  const { namespace, name, client, clock, log } = init
  let written = ''
  let complained = false
  while (!signal.aborted) {
    const conditions = init.conditions()
    const now = JSON.stringify(conditions)
    if (now !== written) {
      try {
        const map = await client.get<ConfigMap>(RESOURCES.configMaps, { namespace, name })
        const marked = withTransitions(conditions, map.data?.['conditions'], clock.now())
        const data = { ...map.data, conditions: JSON.stringify(marked, null, 2) }
        await client.replace<ConfigMap>(RESOURCES.configMaps, { ...map, data })
        written = now
        complained = false
      } catch (error) {
        log[complained ? 'debug' : 'warn']('cannot write the status', { name, error })
        complained = true
      }
    }
    await clock.sleep(WRITE_MS, { signal })
  }
}

function parse(text: string | undefined): readonly WrittenCondition[] {
  try {
    const value = JSON.parse(text ?? '[]') as unknown
    return Array.isArray(value) ? (value as WrittenCondition[]) : []
  } catch {
    return []
  }
}
