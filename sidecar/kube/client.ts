import type { Clock } from '../../src/clock.js'
import { RolesAnywhereError } from '../../src/errors.js'
import { type Columns, columnsOf, TABLE } from './columns.js'
import type { Connection } from './connection.js'
import { refusal } from './failure.js'
import { exchange, type Exchange } from './exchange.js'
import { type KubeList, type KubeObject, type Resource, resourcePath } from './objects.js'
import { readLines } from './read-lines.js'

/** One call of the API server must answer within this time. */
const CALL_TIMEOUT_MS = 15_000

/** A page of a list may be as large as this; single objects are at most 1.5 MiB in etcd. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** One event of a watch is one object. */
const MAX_LINE_BYTES = 4 * 1024 * 1024

/** How much longer than it was asked to a watch may last before it counts as dead. */
const WATCH_GRACE_MS = 30_000

/** Which objects, and from where on. */
export interface ListQuery {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly limit?: number
  readonly continue?: string
  readonly resourceVersion?: string
  /** Only `metadata` of each object is sent. */
  readonly metadataOnly?: boolean
}

/** From where to watch, and how long. */
export interface WatchQuery extends Omit<ListQuery, 'limit' | 'continue'> {
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number
}

/** One change. A `BOOKMARK` only carries a newer resource version. */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | {
      readonly type: 'BOOKMARK'
      readonly object: { readonly metadata: { resourceVersion: string } }
    }

/** Formats of a patch. */
export type PatchType = 'application/json-patch+json' | 'application/merge-patch+json'

/**
 * The port to the API server: plain JSON in and out, so that fields which this program does not know
 * survive a read and a write.
 *
 * Every call rejects with `ERR_RA_KUBE_UNREACHABLE` or `ERR_RA_KUBE_UNAVAILABLE` (worth another try),
 * `ERR_RA_KUBE_CONFLICT` (read again, decide again), `ERR_RA_KUBE_NOT_FOUND`, `ERR_RA_KUBE_GONE` (list
 * again), `ERR_RA_KUBE_FORBIDDEN`, `ERR_RA_KUBE_UNAUTHORIZED` or `ERR_RA_KUBE_INVALID`.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export interface KubeClient {
  /** Namespace that this program runs in, or that the context names. */
  readonly namespace: string
  get<T extends KubeObject>(resource: Resource, key: ObjectKey): Promise<T>
  /**
   * What `kubectl get` prints of an object, by the name of its column. Nothing else of it is sent:
   * metadata alone would hold all of a Secret that was made by `kubectl apply`, in an annotation.
   */
  columns(resource: Resource, key: ObjectKey): Promise<Columns>
  list<T extends KubeObject>(resource: Resource, query?: ListQuery): Promise<KubeList<T>>
  create<T extends KubeObject>(resource: Resource, object: T): Promise<T>
  /** Fails with `ERR_RA_KUBE_CONFLICT` when the object's `resourceVersion` is no longer the newest. */
  replace<T extends KubeObject>(resource: Resource, object: T): Promise<T>
  patch<T extends KubeObject>(
    resource: Resource,
    key: ObjectKey,
    type: PatchType,
    patch: unknown,
  ): Promise<T>
  /** With `preconditions`, only that very object, in that very version, is deleted. */
  delete(resource: Resource, key: ObjectKey, preconditions?: Preconditions): Promise<void>
  /** Ends when the server ends it; rejects when the connection breaks or `signal` is aborted. */
  watch<T extends KubeObject>(
    resource: Resource,
    query: WatchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, undefined>
  /** `minor` without the `+` of some distributions. */
  serverVersion(): Promise<{ readonly major: number; readonly minor: number }>
  /** The same client, whose calls are also given up when `signal` is aborted. */
  until(signal: AbortSignal): KubeClient
  close(): void
}

/** Which object. */
export interface ObjectKey {
  readonly namespace?: string
  readonly name: string
}

/** What must still be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Effects of {@link createKubeClient}. */
export interface KubeClientDeps {
  readonly clock: Clock
  /** Goes into `User-Agent`, and so into the API server's audit log. */
  readonly userAgent: string
  /** Gives up the calls under way. */
  readonly signal?: AbortSignal
}

/** A client over one connection. */
export function createKubeClient(connection: Connection, deps: KubeClientDeps): KubeClient {
  const send = (init: Omit<Exchange, 'connection' | 'userAgent'>): ReturnType<typeof exchange> =>
    exchange({ ...init, connection, userAgent: deps.userAgent })

  const call = async (init: Call): Promise<unknown> => {
    const over = new AbortController()
    const done = new AbortController()
    void deps.clock.sleep(CALL_TIMEOUT_MS, { signal: done.signal, background: true }).then(() => {
      if (!done.signal.aborted) over.abort(timedOut(init))
    })
    const signals = [over.signal, ...(deps.signal ? [deps.signal] : [])]
    try {
      const answer = await send({ ...init, signal: AbortSignal.any(signals) })
      const body = parse(await answer.text(MAX_BODY_BYTES), init, answer.status)
      if (answer.status >= 200 && answer.status < 300) return body
      throw refusal(answer.status, body, `${init.method} ${init.path}`)
    } finally {
      done.abort()
    }
  }

  const onObject = async <T>(
    method: string,
    resource: Resource,
    { namespace, name }: ObjectKey,
    rest: Partial<Call> = {},
  ): Promise<T> =>
    (await call({ method, path: resourcePath(resource, namespace, name), ...rest })) as T

  return {
    namespace: connection.namespace,
    get: async (resource, key) => onObject('GET', resource, key),
    async columns(resource, { namespace, name }) {
      const path = `${resourcePath(resource, namespace, name)}?includeObject=None`
      const table = await call({ method: 'GET', path, accept: TABLE })
      return columnsOf(table, `GET ${path}`)
    },
    list: async <T extends KubeObject>(resource: Resource, query: ListQuery = {}) =>
      (await call({
        method: 'GET',
        path: `${resourcePath(resource, query.namespace)}${listParameters(query)}`,
        ...(query.metadataOnly && { accept: metadataOnly('PartialObjectMetadataList') }),
      })) as KubeList<T>,
    create: async <T extends KubeObject>(resource: Resource, object: T) =>
      (await call({
        method: 'POST',
        path: resourcePath(resource, object.metadata.namespace),
        body: object,
      })) as T,
    replace: async (resource, object) =>
      onObject('PUT', resource, object.metadata, { body: object }),
    patch: async (resource, key, type, patch) =>
      onObject('PATCH', resource, key, { body: patch, contentType: type }),
    async delete(resource, key, preconditions) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(preconditions && { preconditions }),
      }
      await onObject('DELETE', resource, key, { body })
    },
    async *watch<T extends KubeObject>(
      resource: Resource,
      query: WatchQuery,
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<T>, void, undefined> {
      const path = `${resourcePath(resource, query.namespace)}${watchParameters(query)}`
      const over = new AbortController()
      const done = new AbortController()
      // A connection that a middlebox forgot stays silent for ever: it ends a little after its time.
      const longest = query.timeoutSeconds * 1000 + WATCH_GRACE_MS
      void deps.clock.sleep(longest, { signal: done.signal, background: true }).then(() => {
        if (!done.signal.aborted) over.abort(timedOut({ method: 'WATCH', path }))
      })
      try {
        const answer = await send({
          method: 'GET',
          path,
          signal: AbortSignal.any([signal, over.signal]),
          ...(query.metadataOnly && { accept: metadataOnly('PartialObjectMetadata') }),
        })
        if (answer.status !== 200) {
          const body = parse(
            await answer.text(MAX_BODY_BYTES),
            { method: 'WATCH', path },
            answer.status,
          )
          throw refusal(answer.status, body, `WATCH ${path}`)
        }
        for await (const line of readLines(answer.stream(), MAX_LINE_BYTES)) {
          yield watchEvent<T>(line, path)
        }
      } finally {
        done.abort()
      }
    },
    async serverVersion() {
      const body = await call({ method: 'GET', path: '/version' })
      const { major, minor } = body as { major?: unknown; minor?: unknown }
      return { major: Number.parseInt(String(major)), minor: Number.parseInt(String(minor)) }
    },
    until: (signal) => createKubeClient(connection, { ...deps, signal }),
    close: () => {
      connection.close()
    },
  }
}

interface Call {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
}

const metadataOnly = (as: string): string =>
  `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`

function timedOut({ method, path }: Call): RolesAnywhereError {
  return new RolesAnywhereError(
    'ERR_RA_KUBE_UNREACHABLE',
    `no answer in time to ${method} ${path}`,
    {
      hint: 'check the load of the API server and the network between',
    },
  )
}

function listParameters(query: ListQuery): string {
  return parameters({
    labelSelector: query.labelSelector,
    fieldSelector: query.fieldSelector,
    limit: query.limit,
    continue: query.continue,
    resourceVersion: query.resourceVersion,
  })
}

function watchParameters(query: WatchQuery): string {
  return parameters({
    watch: 1,
    allowWatchBookmarks: 'true',
    labelSelector: query.labelSelector,
    fieldSelector: query.fieldSelector,
    resourceVersion: query.resourceVersion,
    timeoutSeconds: query.timeoutSeconds,
  })
}

function parameters(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return given.length === 0 ? '' : `?${given.join('&')}`
}

/** A gateway in between may answer with a page of its own: then the status alone counts. */
function parse(text: string, { method, path }: Call, status: number): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (status >= 400) return undefined
    throw new RolesAnywhereError(
      'ERR_RA_KUBE_UNAVAILABLE',
      `the answer to ${method} ${path} is not JSON`,
      { cause, hint: 'check that the address is an API server and not a proxy page' },
    )
  }
}

function watchEvent<T>(line: string, path: string): WatchEvent<T> {
  const what = { method: 'WATCH', path }
  const event = parse(line, what, 200) as { type?: string; object?: { code?: number } }
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return event as WatchEvent<T>
    case undefined:
    default:
      throw refusal(event.object?.code ?? 500, event.object, `WATCH ${path}`)
  }
}
