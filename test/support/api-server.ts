import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { applyPatch, type Operation } from 'rfc6902'

/** An object as the server holds it. */
export interface StoredObject {
  apiVersion?: string
  kind?: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    creationTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    [field: string]: unknown
  }
  [field: string]: unknown
}

/** One request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly status: number
}

/** What goes wrong, and for which requests. */
export interface ApiFault {
  /** Compared with `METHOD /path?query`; watches have the method `WATCH`. */
  readonly match: RegExp
  /** Answer with this status; `'hang'` never answers, `'reset'` breaks the connection. */
  readonly answer: number | 'hang' | 'reset'
  /** Wears off after so many requests. */
  times?: number
}

/** A running look-alike of the API server, strict about what clients get wrong. */
export interface ApiServerDouble {
  readonly url: string
  /** In the order of their end. Watches count when they start. */
  readonly requests: SeenRequest[]
  readonly faults: ApiFault[]
  /** Writes an object as somebody else would; the newest version comes back. */
  put(collection: string, object: StoredObject): StoredObject
  remove(collection: string, name: string, namespace?: string): void
  get(collection: string, name: string, namespace?: string): StoredObject | undefined
  all(collection: string): StoredObject[]
  /** Forgets history: watches and continuations from older versions get 410. */
  compact(): void
  /** Ends every watch: cleanly, by breaking the connection, or with an ERROR event. */
  endWatches(how: 'clean' | 'reset' | 'gone'): void
  watchers(): number
  close(): Promise<void>
}

interface Change {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly collection: string
  readonly object: StoredObject
}

interface Watcher {
  readonly send: (change: Change) => void
  readonly response: ServerResponse
}

interface Target {
  /** `api/v1/secrets`: group, version and plural. */
  readonly collection: string
  readonly namespace: string | undefined
  readonly name: string | undefined
}

const DELETE_ALLOWED = new Set(['DELETE'])

/**
 * Starts the look-alike on loopback. It keeps optimistic locking (409), bookmarks, pages whose
 * continuation expires, watches from a version (410 when it is too old), metadata-only answers and the
 * content types of patches as the real one does.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export async function startApiServer(): Promise<ApiServerDouble> {
  const objects = new Map<string, Map<string, StoredObject>>()
  const requests: SeenRequest[] = []
  const faults: ApiFault[] = []
  const watchers = new Set<Watcher>()
  let history: Change[] = []
  let version = 100
  let compacted = 100

  const collectionOf = (name: string): Map<string, StoredObject> => {
    const found = objects.get(name) ?? new Map<string, StoredObject>()
    objects.set(name, found)
    return found
  }
  const commit = (type: Change['type'], collection: string, object: StoredObject): StoredObject => {
    version += 1
    object.metadata.resourceVersion = String(version)
    const held = structuredClone(object)
    if (type === 'DELETED') collectionOf(collection).delete(keyOf(held.metadata))
    else collectionOf(collection).set(keyOf(held.metadata), held)
    const change = { version, type, collection, object: held }
    history.push(change)
    for (const watcher of watchers) watcher.send(change)
    return structuredClone(held)
  }
  const write = (collection: string, given: StoredObject): StoredObject => {
    const before = collectionOf(collection).get(keyOf(given.metadata))
    const object = structuredClone(given)
    object.metadata.uid = before?.metadata.uid ?? randomUUID()
    object.metadata.creationTimestamp = before?.metadata.creationTimestamp ?? '2030-01-01T00:00:00Z'
    if (before && same(before, object)) return structuredClone(before)
    return commit(before ? 'MODIFIED' : 'ADDED', collection, object)
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://api')
    const watching = url.searchParams.get('watch') === '1'
    const method = watching ? 'WATCH' : (request.method ?? '')
    const done = (status: number): void => {
      requests.push({ method, path: url.pathname, query: url.searchParams, status })
    }
    const body = await readAll(request)
    const fault = faults.find(
      ({ match, times = 1 }) => times > 0 && match.test(`${method} ${url.pathname}${url.search}`),
    )
    if (fault) {
      if (fault.times !== undefined) fault.times -= 1
      done(typeof fault.answer === 'number' ? fault.answer : 0)
      if (fault.answer === 'reset') request.socket.destroy()
      if (typeof fault.answer === 'number') {
        fail(response, fault.answer, 'Fault', 'a fault that the test asked for')
      }
      return
    }
    const refuse = (status: number, reason: string, message = reason): void => {
      done(status)
      fail(response, status, reason, message)
    }
    const answer = (status: number, value: unknown): void => {
      done(status)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (url.pathname === '/version') {
      answer(200, { major: '1', minor: '34', gitVersion: 'v1.34.0' })
      return
    }
    const target = parsePath(url.pathname)
    if (!target) {
      refuse(404, 'NotFound', 'the server could not find the requested resource')
      return
    }
    const { collection, namespace, name } = target
    const held = collectionOf(collection)
    const selected = selector(url.searchParams, namespace)
    const metadataOnly = (request.headers.accept ?? '').includes('as=PartialObjectMetadata')
    const shape = (object: StoredObject): StoredObject =>
      metadataOnly
        ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata }
        : object

    if (method === 'WATCH') {
      const from = Number(url.searchParams.get('resourceVersion') ?? 0)
      if (from !== 0 && from < compacted) {
        refuse(410, 'Expired', `too old resource version: ${from} (${compacted})`)
        return
      }
      done(200)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const send = (change: Change): void => {
        if (change.collection !== collection || !selected(change.object)) return
        response.write(`${JSON.stringify({ type: change.type, object: shape(change.object) })}\n`)
      }
      const watcher = { send, response }
      for (const change of history) if (change.version > from) send(change)
      if (url.searchParams.get('allowWatchBookmarks') === 'true') {
        const metadata = { resourceVersion: String(version) }
        response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`)
      }
      watchers.add(watcher)
      response.on('close', () => watchers.delete(watcher))
      return
    }
    if (method === 'GET' && name === undefined) {
      const token = url.searchParams.get('continue')
      const [at, start] = token ? (JSON.parse(atob(token)) as [number, number]) : [version, 0]
      if (at < compacted) {
        refuse(410, 'Expired', 'The provided continue parameter is too old')
        return
      }
      const limit = Number(url.searchParams.get('limit') ?? 0)
      const found = [...held.values()].filter(selected)
      const page = limit === 0 ? found.slice(start) : found.slice(start, start + limit)
      const more = start + page.length < found.length
      const metadata = {
        resourceVersion: String(at),
        ...(more && { continue: btoa(JSON.stringify([at, start + page.length])) }),
      }
      answer(200, { kind: 'List', apiVersion: 'v1', metadata, items: page.map(shape) })
      return
    }
    const current = name === undefined ? undefined : held.get(keyOf({ namespace, name }))
    if (name !== undefined && !current) {
      refuse(404, 'NotFound', `${collection} "${name}" not found`)
      return
    }
    let sent: unknown
    try {
      sent = body === '' ? undefined : JSON.parse(body)
    } catch {
      refuse(400, 'BadRequest', 'the body is not JSON')
      return
    }
    if (method === 'GET' && current) {
      const asTable = (request.headers.accept ?? '').includes('as=Table')
      answer(200, asTable ? tableOf(collection, current, url.searchParams) : shape(current))
      return
    }
    if (method === 'POST') {
      const object = sent as StoredObject
      if (object.metadata.namespace !== namespace) {
        refuse(400, 'BadRequest', 'the namespace of the object does not match the request')
        return
      }
      if (object.metadata.resourceVersion) {
        refuse(400, 'BadRequest', 'resourceVersion should not be set on objects to be created')
        return
      }
      if (held.has(keyOf(object.metadata))) {
        refuse(409, 'AlreadyExists', `${collection} "${object.metadata.name}" already exists`)
        return
      }
      const unlisted = invalid(collection, object, undefined)
      if (unlisted !== undefined) refuse(422, 'Invalid', unlisted)
      else answer(201, write(collection, object))
      return
    }
    if (!current) {
      refuse(405, 'MethodNotAllowed')
      return
    }
    if (DELETE_ALLOWED.has(method)) {
      const { preconditions: wanted } = (sent ?? {}) as {
        preconditions?: { uid?: string; resourceVersion?: string }
      }
      const broken =
        (wanted?.uid !== undefined && wanted.uid !== current.metadata.uid) ||
        (wanted?.resourceVersion !== undefined &&
          wanted.resourceVersion !== current.metadata.resourceVersion)
      if (broken) refuse(409, 'Conflict', 'the preconditions do not hold')
      else {
        commit('DELETED', collection, structuredClone(current))
        answer(200, { kind: 'Status', status: 'Success' })
      }
      return
    }
    let next: StoredObject
    if (method === 'PUT') next = sent as StoredObject
    else if (method === 'PATCH') {
      const type = request.headers['content-type'] ?? ''
      next = structuredClone(current)
      if (type === 'application/merge-patch+json') next = mergePatch(next, sent) as StoredObject
      else if (type === 'application/json-patch+json') {
        const failures = applyPatch(next, sent as Operation[]).filter((error) => error !== null)
        if (failures.length > 0) {
          refuse(422, 'Invalid', 'the server rejected our request due to an error in our request')
          return
        }
      } else {
        refuse(415, 'UnsupportedMediaType')
        return
      }
    } else {
      refuse(405, 'MethodNotAllowed')
      return
    }
    const wanted = next.metadata.resourceVersion
    const problem = invalid(collection, next, current)
    if (next.metadata.name !== name || next.metadata.namespace !== namespace) {
      refuse(400, 'BadRequest', 'the name of the object does not match the request')
    } else if (wanted !== undefined && wanted !== current.metadata.resourceVersion) {
      refuse(
        409,
        'Conflict',
        'the object has been modified; please apply your changes to the latest',
      )
    } else if (collection.endsWith('/leases') && wanted === undefined) {
      refuse(422, 'Invalid', 'metadata.resourceVersion: must be specified for an update')
    } else if (problem !== undefined) refuse(422, 'Invalid', problem)
    else answer(200, write(collection, next))
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      fail(response, 500, 'InternalError', String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    put: write,
    remove(collection, name, namespace) {
      const held = collectionOf(collection).get(keyOf({ name, namespace }))
      if (held) commit('DELETED', collection, structuredClone(held))
    },
    get: (collection, name, namespace) =>
      structuredClone(collectionOf(collection).get(keyOf({ name, namespace }))),
    all: (collection) => [...collectionOf(collection).values()].map((x) => structuredClone(x)),
    compact() {
      version += 1
      compacted = version
      history = []
    },
    endWatches(how) {
      const ended = [...watchers]
      watchers.clear()
      for (const { response } of ended) {
        if (how === 'reset') response.destroy()
        else if (how === 'clean') response.end()
        else {
          const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
          response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`)
        }
      }
    },
    watchers: () => watchers.size,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The columns that an API server prints of the kinds that anybody asks for as a table. */
function tableOf(collection: string, object: StoredObject, query: URLSearchParams): object {
  const {
    data = {},
    type,
    status,
  } = object as {
    data?: object
    type?: string
    status?: { conditions?: { type: string; status: string }[] }
  }
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready')?.status
  const special = collection.endsWith('/secrets')
    ? { Type: type, Data: Object.keys(data).length }
    : collection.includes('cert-manager.io')
      ? { Ready: ready ?? '' }
      : {}
  const columns = { Name: object.metadata.name, ...special, Age: '1s' }
  const sent = query.get('includeObject') === 'None' ? null : { metadata: object.metadata }
  return {
    ...{ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata: {} },
    columnDefinitions: Object.keys(columns).map((name) => ({ name, type: 'string' })),
    rows: [{ cells: Object.values(columns), object: sent }],
  }
}

/** A kubeconfig for the look-alike. */
export function kubeconfigFor(url: string, namespace = 'default'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'double', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'tester', user: {} }],
    contexts: [{ name: 'double', context: { cluster: 'double', user: 'tester', namespace } }],
    'current-context': 'double',
  })
}

function parsePath(path: string): Target | undefined {
  const parts = path.split('/').slice(1).map(decodeURIComponent)
  const root = parts[0] === 'api' ? parts.slice(0, 2) : parts.slice(0, 3)
  const rest = parts.slice(root.length)
  if (rest[0] === 'namespaces' && rest.length >= 3) {
    const [, namespace, plural, name] = rest
    return { collection: [...root, plural].join('/'), namespace, name }
  }
  const [plural, name] = rest
  if (plural === undefined || plural === '') return undefined
  return { collection: [...root, plural].join('/'), namespace: undefined, name }
}

function selector(
  query: URLSearchParams,
  namespace: string | undefined,
): (object: StoredObject) => boolean {
  const labels = (query.get('labelSelector') ?? '').split(',').filter((x) => x !== '')
  const fields = (query.get('fieldSelector') ?? '').split(',').filter((x) => x !== '')
  return ({ metadata, ...rest }) =>
    (namespace === undefined || metadata.namespace === namespace) &&
    labels.every((requirement) => matchesLabel(metadata.labels ?? {}, requirement)) &&
    fields.every((requirement) => {
      const [field, value] = requirement.split('=')
      if (field === 'metadata.name') return metadata.name === value
      if (field === 'metadata.namespace') return metadata.namespace === value
      if (field === 'type') return rest['type'] === value
      throw new Error(`field selector ${requirement} is not supported`)
    })
}

function matchesLabel(labels: Record<string, string>, requirement: string): boolean {
  if (requirement.startsWith('!')) return !(requirement.slice(1) in labels)
  const [name = '', value] = requirement.split(/!?==?/)
  if (value === undefined) return name in labels
  return requirement.includes('!=') ? labels[name] !== value : labels[name] === value
}

/** The rules of validation that this project can run into. */
function invalid(
  collection: string,
  object: StoredObject,
  before: StoredObject | undefined,
): string | undefined {
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(object.metadata.name)) {
    return 'metadata.name: must consist of lower case alphanumeric characters, - or .'
  }
  if (before?.metadata.uid !== undefined && object.metadata.uid !== undefined) {
    if (before.metadata.uid !== object.metadata.uid) return 'metadata.uid: field is immutable'
  }
  if (!collection.endsWith('/secrets')) return undefined
  if (before && before['type'] !== object['type']) return 'type: field is immutable'
  if (object['type'] !== 'kubernetes.io/dockerconfigjson') return undefined
  const data = object['data'] as Record<string, string> | undefined
  const encoded = data?.['.dockerconfigjson']
  if (encoded === undefined) return 'data[.dockerconfigjson]: Required value'
  try {
    JSON.parse(atob(encoded))
    return undefined
  } catch {
    return 'data[.dockerconfigjson]: Invalid value: not JSON'
  }
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const base =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  const result = base as Record<string, unknown>
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = mergePatch(result[name], value)
  }
  return result
}

function fail(response: ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }),
  )
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The server does not make a new version of what did not change. */
function same(one: StoredObject, other: StoredObject): boolean {
  const bare = ({ metadata, ...rest }: StoredObject): string => {
    const { resourceVersion: _, ...meta } = metadata
    return JSON.stringify([sorted(rest), sorted(meta)])
  }
  return bare(one) === bare(other)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)])
}

const keyOf = ({ namespace, name }: { namespace?: string | undefined; name: string }): string =>
  `${namespace ?? ''}/${name}`
