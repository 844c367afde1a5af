import type { Clock } from '../../src/clock.js'
import type { Logger } from '../../src/log.js'
import type { KubeClient } from './client.js'
import { isRefusal } from './failure.js'
import type { KubeObject, Resource } from './objects.js'
import { retryDelayMs } from './retry-delay.js'

/** Objects for each page of a list: a page of whole Secrets stays within a few megabytes. */
const PAGE = 500

/** A watch is ended by the server after this time, and half as much again at random. */
const WATCH_SECONDS = 300

/** What to keep of which objects. */
export interface InformerInit<T extends KubeObject, Kept> {
  readonly resource: Resource
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Ask for `metadata` only; then `keep` sees nothing else. */
  readonly metadataOnly?: boolean
  /** What stays in memory of an object: as little as will be needed. */
  readonly keep: (object: T) => Kept
}

/** One change of what is kept. `before` is absent for a new object, `after` for a deleted one. */
export interface Change<Kept> {
  readonly namespace: string
  readonly name: string
  readonly before?: Kept
  readonly after?: Kept
}

/** Effects of {@link keepInformed}. */
export interface InformerDeps {
  readonly client: Pick<KubeClient, 'list' | 'watch' | 'until'>
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** A copy of one collection, kept up to date. */
export interface Informer<Kept> {
  /** Whether the whole collection was read once. It stays true: an old copy beats none. */
  synced(): boolean
  /** Resolves when {@link synced}; never rejects, since the loop goes on trying. */
  readonly ready: Promise<void>
  /** @param namespace `''` for objects that have none. */
  get(namespace: string, name: string): Kept | undefined
  list(namespace?: string): IterableIterator<readonly [namespace: string, name: string, kept: Kept]>
  /** Calls back for every change from now on; returns how to end that. */
  onChange(listener: (change: Change<Kept>) => void): () => void
  /** Failures in a row; zero while list and watch work. */
  failures(): number
  /** What the last of them was. */
  failure(): unknown
  size(): number
  stop(): Promise<void>
}

/**
 * Lists a collection page by page, then watches it, for ever: a watch that ends goes on from the last
 * version seen, one that is too old (410) starts again with a list, and what vanished meanwhile is
 * reported as deleted. Failures are tried again with back-off and logged once for each reason.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export function keepInformed<T extends KubeObject, Kept>(
  init: InformerInit<T, Kept>,
  deps: InformerDeps,
): Informer<Kept> {
  const { resource } = init
  const { clock, random, log } = deps
  const query = {
    ...(init.namespace !== undefined && { namespace: init.namespace }),
    ...(init.labelSelector !== undefined && { labelSelector: init.labelSelector }),
    ...(init.fieldSelector !== undefined && { fieldSelector: init.fieldSelector }),
    ...(init.metadataOnly !== undefined && { metadataOnly: init.metadataOnly }),
  }
  const ending = new AbortController()
  const client = deps.client.until(ending.signal)
  const copy = createCopy<Kept>(log)
  let synced = false
  let failures = 0
  let failure: unknown
  let lastReason = ''
  let markReady = (): void => {}
  const ready = new Promise<void>((resolve) => (markReady = resolve))

  /** Reads every page; returns the version from which to watch. */
  const readAll = async (): Promise<string> => {
    const found = new Map<string, readonly [namespace: string, name: string, kept: Kept]>()
    let next: string | undefined
    let version = ''
    do {
      const page = await client.list<T>(resource, {
        ...query,
        limit: PAGE,
        ...(next !== undefined && { continue: next }),
      })
      for (const object of page.items) {
        const { namespace = '', name } = object.metadata
        found.set(keyOf(namespace, name), [namespace, name, init.keep(object)])
      }
      version = page.metadata.resourceVersion ?? ''
      next = page.metadata.continue || undefined
    } while (next !== undefined && !ending.signal.aborted)
    copy.replaceAll(found)
    synced = true
    markReady()
    return version
  }

  /** Follows one watch to its end; returns the version from which the next goes on. */
  const follow = async (from: string, seen: (version: string) => void): Promise<void> => {
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + random() / 2))
    const events = client.watch<T>(
      resource,
      { ...query, resourceVersion: from, timeoutSeconds },
      ending.signal,
    )
    for await (const event of events) {
      failures = 0
      const { metadata } = event.object
      if (metadata.resourceVersion !== undefined) seen(metadata.resourceVersion)
      if (event.type === 'BOOKMARK') continue
      const { namespace = '', name } = event.object.metadata
      if (event.type === 'DELETED') copy.remove(namespace, name)
      else copy.put(namespace, name, init.keep(event.object))
    }
  }

  const failed = async (error: unknown): Promise<void> => {
    if (ending.signal.aborted) return
    failures += 1
    failure = error
    const reason = error instanceof Error ? error.message : String(error)
    const level = reason === lastReason ? 'debug' : 'warn'
    lastReason = reason
    log[level]('cannot follow a collection of the API server', {
      resource: resource.plural,
      error,
      failures,
    })
    await clock.sleep(retryDelayMs(failures, random), { signal: ending.signal })
  }

  const run = async (): Promise<void> => {
    let version: string | undefined
    while (!ending.signal.aborted) {
      try {
        version ??= await readAll()
        const started = clock.monotonicMs()
        const startVersion: string = version
        await follow(version, (newer) => (version = newer))
        if (lastReason !== '') {
          log.info('following a collection of the API server again', { resource: resource.plural })
          lastReason = ''
        }
        // A server that ends every watch at once must not make this loop spin.
        if (clock.monotonicMs() - started < 1000 && version === startVersion) {
          await clock.sleep(retryDelayMs(1, random), { signal: ending.signal })
        }
      } catch (error) {
        // Too old to go on from: list again, which is no failure.
        if (isRefusal(error, 'ERR_RA_KUBE_GONE') && version !== undefined) version = undefined
        else await failed(error)
      }
    }
  }
  const running = run()

  return {
    synced: () => synced,
    ready,
    get: copy.get,
    list: copy.list,
    onChange: copy.onChange,
    failures: () => failures,
    failure: () => failure,
    size: copy.size,
    async stop() {
      ending.abort()
      await running
    },
  }
}

interface Copy<Kept> {
  get: Informer<Kept>['get']
  list: Informer<Kept>['list']
  onChange: Informer<Kept>['onChange']
  size: () => number
  put(namespace: string, name: string, kept: Kept): void
  remove(namespace: string, name: string): void
  replaceAll(
    found: ReadonlyMap<string, readonly [namespace: string, name: string, kept: Kept]>,
  ): void
}

/** Objects by namespace and name, and those who want to hear of changes. */
function createCopy<Kept>(log: Logger): Copy<Kept> {
  const namespaces = new Map<string, Map<string, Kept>>()
  const listeners = new Set<(change: Change<Kept>) => void>()
  const tell = (change: Change<Kept>): void => {
    for (const listener of listeners) {
      try {
        listener(change)
      } catch (error) {
        log.error('a listener of changes failed', { error })
      }
    }
  }
  const get = (namespace: string, name: string): Kept | undefined =>
    namespaces.get(namespace)?.get(name)
  function* list(
    only?: string,
  ): Generator<readonly [namespace: string, name: string, kept: Kept], undefined> {
    for (const [namespace, objects] of namespaces) {
      if (only !== undefined && namespace !== only) continue
      for (const [name, kept] of objects) yield [namespace, name, kept]
    }
    return undefined
  }
  const put = (namespace: string, name: string, after: Kept): void => {
    const objects = namespaces.get(namespace) ?? new Map<string, Kept>()
    namespaces.set(namespace, objects)
    const before = objects.get(name)
    objects.set(name, after)
    tell({ namespace, name, ...(before !== undefined && { before }), after })
  }
  const remove = (namespace: string, name: string): void => {
    const objects = namespaces.get(namespace)
    const before = objects?.get(name)
    if (!objects || before === undefined) return
    objects.delete(name)
    if (objects.size === 0) namespaces.delete(namespace)
    tell({ namespace, name, before })
  }
  return {
    get,
    list,
    put,
    remove,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    size: () => [...namespaces.values()].reduce((sum, { size }) => sum + size, 0),
    replaceAll(found) {
      const gone = [...list()].filter(([namespace, name]) => !found.has(keyOf(namespace, name)))
      for (const [namespace, name] of gone) remove(namespace, name)
      for (const [namespace, name, kept] of found.values()) put(namespace, name, kept)
    },
  }
}

/** Neither part can hold a slash. */
const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`
