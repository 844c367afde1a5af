import { request } from 'node:https'

/** A review of a pod that is created, as the API server sends it. */
export function reviewOf(pod: object, more: object = {}): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'e1a2',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      operation: 'CREATE',
      namespace: 'team',
      object: pod,
      ...more,
    },
  })
}

/** A labelled pod with one container. */
export function labelledPod(annotations: Record<string, string> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'web-', labels: { 'rolesanywhere.io/inject': 'true' }, annotations },
    spec: {
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'app:1', env: [{ name: 'PASSWORD', value: 'hunter2' }] }],
    },
  }
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly body: {
    readonly response?: {
      readonly uid: string
      readonly allowed: boolean
      readonly patch?: string
      readonly patchType?: string
      readonly warnings?: readonly string[]
      readonly status?: { readonly code: number; readonly message: string }
    }
    readonly message?: string
  }
}

/** Sends a body to a webhook whose certificate is of that authority. */
export async function post(
  url: string,
  body: string | Buffer,
  options: {
    readonly ca?: string
    readonly servername?: string
    readonly type?: string
    readonly method?: string
    readonly path?: string
  } = {},
): Promise<Answer> {
  const { ca, servername, type = 'application/json', method = 'POST', path = '/mutate' } = options
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, url), {
      method,
      agent: false,
      ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
      ...(servername !== undefined && { servername }),
      headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] })
      })
    })
    outgoing.end(body)
  })
}
