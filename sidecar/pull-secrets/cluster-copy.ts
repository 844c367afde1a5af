import type { KubeClient } from '../kube/client.js'
import { type Informer, type InformerDeps, keepInformed } from '../kube/informer.js'
import { type KubeObject, RESOURCES } from '../kube/objects.js'
import type { AccountFacts } from './plan.js'
import { type SecretFacts, secretFacts, type SecretObject } from './pull-secret.js'
import {
  ADDED_ANNOTATION,
  isServed,
  type NamespaceFacts,
  SERVICE_ACCOUNT_ANNOTATION,
  type TargetRules,
} from './targets.js'

/** What is followed of the cluster. */
export interface ClusterCopyInit {
  /** Of the Secret in each namespace. */
  readonly secretName: string
  readonly rules: TargetRules
  /** Only these namespaces, with rights in each of them alone; absent: the whole cluster. */
  readonly onlyNamespaces?: readonly string[]
}

/** The part of the cluster that pull secrets depend on, kept up to date. */
export interface ClusterCopy {
  readonly ready: Promise<unknown>
  synced(): boolean
  /**
   * Resolves when everything was read once.
   *
   * @param tries Failures in a row, of one collection, after which this rejects with the last of them.
   */
  readWithin(tries: number, signal: AbortSignal): Promise<void>
  namespaces(): readonly string[]
  /** `undefined` for a namespace that is not there. */
  namespace(name: string): NamespaceFacts | undefined
  secret(namespace: string): SecretFacts | undefined
  accounts(namespace: string): readonly AccountFacts[]
  stop(): Promise<void>
}

interface ServiceAccount extends KubeObject {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

/** Pause between two looks at whether everything was read, for a run that ends. */
const LOOK_MS = 50

const NO_LABELS = Object.freeze({})

/**
 * Follows namespaces, the Secrets of one name, and service accounts.
 *
 * @param onChange Called with the name of the namespace in which something changed.
 */
export function copyCluster(
  init: ClusterCopyInit,
  onChange: (namespace: string) => void,
  deps: InformerDeps & { readonly client: KubeClient },
): ClusterCopy {
  const { secretName, rules, onlyNamespaces } = init
  const places: readonly { readonly namespace?: string }[] = onlyNamespaces?.map((namespace) => ({
    namespace,
  })) ?? [{}]
  const secrets = places.map((place) =>
    keepInformed(
      {
        resource: RESOURCES.secrets,
        ...place,
        // The right to list may be bound to this name.
        fieldSelector: `metadata.name=${secretName}`,
        keep: (secret: SecretObject) => secretFacts(secret),
      },
      deps,
    ),
  )
  const accounts = places.map((place) =>
    keepInformed(
      {
        resource: RESOURCES.serviceAccounts,
        ...place,
        keep: (account: ServiceAccount) => accountFacts(account, rules, secretName),
      },
      deps,
    ),
  )
  const namespaces = onlyNamespaces
    ? undefined
    : keepInformed(
        {
          resource: RESOURCES.namespaces,
          metadataOnly: true,
          keep: ({ metadata }: KubeObject): NamespaceFacts => ({
            labels: metadata.labels ?? NO_LABELS,
            terminating: metadata.deletionTimestamp !== undefined,
          }),
        },
        deps,
      )
  for (const informer of [...secrets, ...accounts]) {
    informer.onChange(({ namespace }) => {
      onChange(namespace)
    })
  }
  namespaces?.onChange(({ name }) => {
    onChange(name)
  })
  const all: readonly Informer<unknown>[] = [
    ...secrets,
    ...accounts,
    ...(namespaces ? [namespaces] : []),
  ]
  return {
    ready: Promise.all(all.map(async ({ ready }) => ready)),
    synced: () => all.every((informer) => informer.synced()),
    async readWithin(tries, signal) {
      while (!all.every((informer) => informer.synced())) {
        const stuck = all.find((informer) => !informer.synced() && informer.failures() >= tries)
        if (stuck) throw stuck.failure()
        await deps.clock.sleep(LOOK_MS, { signal })
        signal.throwIfAborted()
      }
    },
    namespaces: () => onlyNamespaces ?? [...(namespaces?.list() ?? [])].map(([, name]) => name),
    namespace: (name) =>
      namespaces ? namespaces.get('', name) : { labels: NO_LABELS, terminating: false },
    secret: (namespace) => first(secrets, (informer) => informer.get(namespace, secretName)),
    accounts: (namespace) =>
      accounts.flatMap((informer) => [...informer.list(namespace)].map(([, , facts]) => facts)),
    async stop() {
      await Promise.all(all.map(async (informer) => informer.stop()))
    },
  }
}

function accountFacts(
  { metadata, imagePullSecrets = [] }: ServiceAccount,
  rules: TargetRules,
  secretName: string,
): AccountFacts {
  const { name, uid = '', resourceVersion = '', annotations } = metadata
  const asked = annotations?.[SERVICE_ACCOUNT_ANNOTATION]
  return {
    name,
    uid,
    resourceVersion,
    served: isServed(
      rules,
      name,
      asked === undefined ? {} : { [SERVICE_ACCOUNT_ANNOTATION]: asked },
    ),
    pullSecrets: imagePullSecrets.map((entry) => entry.name ?? ''),
    added: annotations?.[ADDED_ANNOTATION] === secretName,
    annotated: annotations !== undefined,
  }
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
