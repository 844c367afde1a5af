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
import { ADDED_ANNOTATION, isTarget, type TargetRules } from './targets.js'

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
  /** Service accounts as they were before a write of ours, until the copy has what came of it. */
  readonly written: WeakSet<AccountFacts>
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
  const { client, clock, log, onWrite, secretName } = context
  const key = { namespace, name: secretName }
  switch (step.kind) {
    case 'none':
    case 'wait':
      return
    case 'refuse':
      refuse(namespace, step.reason, context)
      return
    case 'create':
      await turn(context, signal)
      await client.create(RESOURCES.secrets, pullSecret(key, state.entries))
      onWrite('secret_created')
      log.info('pull secret made', key)
      return
    case 'delete':
      await turn(context, signal)
      await ignoring('ERR_RA_KUBE_NOT_FOUND', async () =>
        client.delete(RESOURCES.secrets, key, { uid: state.secret?.uid ?? '' }),
      )
      onWrite('secret_deleted')
      log.info('pull secret removed', key)
      return
    case 'update': {
      await turn(context, signal)
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

/** Waits for its turn. Whoever is no longer the leader by then writes nothing more. */
async function turn({ gate }: ReconcileContext, signal: AbortSignal): Promise<void> {
  await gate(signal)
  signal.throwIfAborted()
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

/** A JSON Pointer, in which a slash is written as `~1`. */
const MARK_PATH = `/metadata/annotations/${ADDED_ANNOTATION.replace('/', '~1')}`

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
  const mark: PatchStep = account.annotated
    ? { op: 'add', path: MARK_PATH, value: context.secretName }
    : {
        op: 'add',
        path: '/metadata/annotations',
        value: { [ADDED_ANNOTATION]: context.secretName },
      }
  await patchAccount(account, namespace, [step, mark], context, signal)
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
  const unmark: PatchStep = { op: 'remove', path: MARK_PATH }
  await patchAccount(account, namespace, [...steps, unmark], context, signal)
}

/**
 * The list is atomic for the API: a write of the whole of it would lose what another program added
 * meanwhile. The patch touches one entry, and only of the version that was looked at.
 */
async function patchAccount(
  account: AccountFacts,
  namespace: string,
  steps: readonly PatchStep[],
  context: ReconcileContext,
  signal: AbortSignal,
): Promise<void> {
  const { client, log, onWrite, written } = context
  const { name, uid, resourceVersion } = account
  // The copy is behind our own write: what comes of it will be looked at when it is told.
  if (written.has(account)) return
  const tests: PatchStep[] = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
  ]
  await turn(context, signal)
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
  written.add(account)
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
