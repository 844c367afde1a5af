import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import type { Logger } from '../../src/log.js'
import type { KubeClient } from '../kube/client.js'
import type { EventRecorder } from '../kube/event-recorder.js'
import { isRefusal } from '../kube/failure.js'
import { RESOURCES } from '../kube/objects.js'
import type { ClusterCopy } from './cluster-copy.js'
import { type AccountFacts, type NamespaceState, planNamespace, type SecretStep } from './plan.js'
import {
  type KeptEntry,
  pullSecret,
  type RegistryEntry,
  secretFacts,
  type SecretObject,
} from './pull-secret.js'
import { isTarget, type TargetRules } from './targets.js'

/** How a write ended, for the metrics. */
export type WriteResult =
  | 'secret_created'
  | 'secret_updated'
  | 'secret_deleted'
  | 'service_account_updated'
  | 'foreign_secret'
  | 'failed'

/** What {@link reconcileNamespace} works with. */
export interface ReconcileContext {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Logger
  readonly cluster: Pick<ClusterCopy, 'namespace' | 'secret' | 'accounts'>
  readonly rules: TargetRules
  readonly secretName: string
  /** Every registry, with its host names. */
  readonly registries: readonly { readonly registry: string; readonly hosts: readonly string[] }[]
  /** Those with a password at hand. */
  readonly entries: () => readonly RegistryEntry[]
  /** Nothing is wanted any more: everything of ours is taken away. */
  readonly uninstall: boolean
  /** Waits for its turn before a write. */
  readonly gate: (signal: AbortSignal) => Promise<void>
  readonly onWrite: (result: WriteResult) => void
  readonly events: Pick<EventRecorder, 'record'>
}

/**
 * Brings one namespace to where it should be. Every write says which version it is meant for, so that
 * one that came in between is never lost; the namespace is then looked at again.
 *
 * @throws RolesAnywhereError for what should be tried again later.
 */
export async function reconcileNamespace(
  namespace: string,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = context
  const state = stateOf(namespace, context)
  if (!state) return
  const plan = planNamespace(state, clock.now())
  await applySecret(namespace, plan.secret, state, context, signal)
  for (const account of plan.add) await addTo(account, namespace, context, signal)
  for (const account of plan.remove) await removeFrom(account, namespace, context, signal)
  if (plan.secret.kind === 'wait') log.debug('nothing to write yet', { namespace, ...plan.secret })
}

function stateOf(namespace: string, context: ReconcileContext): NamespaceState | undefined {
  const { cluster, rules, secretName, uninstall, registries } = context
  const facts = cluster.namespace(namespace)
  if (!facts || facts.terminating) return undefined
  const secret = cluster.secret(namespace)
  return {
    wanted: !uninstall && isTarget(rules, namespace, facts),
    secretName,
    ...(secret && { secret }),
    accounts: cluster.accounts(namespace),
    entries: context.entries(),
    registries: registries.map(({ registry }) => registry),
  }
}

async function applySecret(
  namespace: string,
  step: SecretStep,
  state: NamespaceState,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, log, gate, onWrite, secretName } = context
  const key = { namespace, name: secretName }
  switch (step.kind) {
    case 'none':
    case 'wait':
      return
    case 'refuse':
      refuse(namespace, step.reason, context)
      return
    case 'create':
      await gate(signal)
      await client.create(RESOURCES.secrets, pullSecret(key, state.entries))
      onWrite('secret_created')
      log.info('pull secret made', key)
      return
    case 'delete':
      await gate(signal)
      await ignoring('ERR_RA_KUBE_NOT_FOUND', async () =>
        client.delete(RESOURCES.secrets, key, { uid: state.secret?.uid ?? '' }),
      )
      onWrite('secret_deleted')
      log.info('pull secret removed', key)
      return
    case 'update': {
      await gate(signal)
      // As it is now: the copy may be behind, and holds no content.
      const before = await client.get<SecretObject>(RESOURCES.secrets, key)
      const fresh = { ...state, secret: secretFacts(before) }
      if (planNamespace(fresh, clock.now()).secret.kind !== 'update') return
      const keep = keptEntries(before, context)
      await client.replace(RESOURCES.secrets, pullSecret(key, state.entries, before, keep))
      onWrite('secret_updated')
      log.info('pull secret renewed', key)
    }
  }
}

/** Registries whose password could not be renewed, and whose old one still lasts. */
function keptEntries(
  before: SecretObject,
  { clock, registries, entries }: ReconcileContext,
): KeptEntry[] {
  const { expirations } = secretFacts(before)
  const renewed = new Set(entries().map(({ registry }) => registry))
  return registries.flatMap(({ registry, hosts }): KeptEntry[] => {
    const expiresAtMs = expirations.get(registry)
    if (renewed.has(registry) || expiresAtMs === undefined) return []
    return expiresAtMs > clock.now().getTime() ? [{ registry, hosts, expiresAtMs }] : []
  })
}

function refuse(namespace: string, reason: string, context: ReconcileContext): void {
  const { log, onWrite, events, secretName } = context
  log.warn('pull secret not written', { namespace, reason })
  onWrite('foreign_secret')
  events.record(
    { apiVersion: 'v1', kind: 'Secret', namespace, name: secretName },
    { type: 'Warning', reason: 'PullSecretForeign', action: 'WritePullSecret', note: reason },
  )
}

interface PatchStep {
  readonly op: 'test' | 'add' | 'remove'
  readonly path: string
  readonly value?: unknown
}

async function addTo(
  account: AccountFacts,
  namespace: string,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  const entry = { name: context.secretName }
  const step: PatchStep =
    account.pullSecrets.length === 0
      ? { op: 'add', path: '/imagePullSecrets', value: [entry] }
      : { op: 'add', path: '/imagePullSecrets/-', value: entry }
  await patchAccount(account, namespace, [step], context, signal)
}

async function removeFrom(
  account: AccountFacts,
  namespace: string,
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  // From the end, so that the indexes before it stay what they are.
  const steps = account.pullSecrets
    .flatMap((name, index) => (name === context.secretName ? [index] : []))
    .reverse()
    .map((index): PatchStep => ({ op: 'remove', path: `/imagePullSecrets/${index}` }))
  await patchAccount(account, namespace, steps, context, signal)
}

/**
 * The list is atomic for the API: a write of the whole of it would lose what another program added
 * meanwhile. The patch touches one entry, and only of the version that was looked at.
 */
async function patchAccount(
  { name, uid, resourceVersion }: AccountFacts,
  namespace: string,
  steps: readonly PatchStep[],
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  const { client, log, gate, onWrite } = context
  const tests: PatchStep[] = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
  ]
  await gate(signal)
  try {
    const patch = [...tests, ...steps]
    await client.patch(
      RESOURCES.serviceAccounts,
      { namespace, name },
      'application/json-patch+json',
      patch,
    )
  } catch (error) {
    if (isRefusal(error, 'ERR_RA_KUBE_NOT_FOUND')) return
    if (!isRefusal(error, 'ERR_RA_KUBE_INVALID', 'ERR_RA_KUBE_CONFLICT')) throw error
    throw changedMeanwhile(`service account ${namespace}/${name}`, error)
  }
  onWrite('service_account_updated')
  log.info('service account updated', { namespace, serviceAccount: name })
}

/** A failed `test` is an invalid patch for the API server; here it is a conflict as any other. */
function changedMeanwhile(what: string, cause: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_KUBE_CONFLICT', `${what} was changed by somebody else`, {
    cause,
  })
}

async function ignoring(
  code: Parameters<typeof isRefusal>[1],
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (code === undefined || !isRefusal(error, code)) throw error
  }
}
