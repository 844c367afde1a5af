import { createSocket, type Socket } from 'node:dgram'
import type { KubeClient } from '../../sidecar/kube/client.js'
import type { KubeObject } from '../../sidecar/kube/objects.js'

const SERVICES = { group: '', version: 'v1', plural: 'services' }
const SUFFIX = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc\.cluster\.local$/

const TYPE_A = 1
/** Response, authoritative, recursion available. */
const ANSWERED = 0x8580
const NO_SUCH_NAME = 3

interface Service extends KubeObject {
  readonly spec: { readonly clusterIP?: string }
}

/**
 * The cluster's DNS, as far as pods need it: addresses of Services by `NAME.NAMESPACE.svc.cluster.local`.
 *
 * @see https://github.com/kubernetes/dns/blob/master/docs/specification.md
 */
export async function startClusterDns(address: string, client: KubeClient): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query)
    void addressOf(name, client).then((found) => {
      const answers = found !== undefined && type === TYPE_A ? [record(found)] : []
      const header = Buffer.alloc(12)
      query.copy(header, 0, 0, 2)
      header.writeUInt16BE(ANSWERED | (found === undefined ? NO_SUCH_NAME : 0), 2)
      header.writeUInt16BE(1, 4)
      header.writeUInt16BE(answers.length, 6)
      socket.send(
        Buffer.concat([header, query.subarray(12, end), ...answers]),
        from.port,
        from.address,
      )
    })
  })
  await new Promise<void>((resolve) => socket.bind(53, address, resolve))
  return socket
}

/** The one question of a query, and where it ends. */
function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

async function addressOf(name: string, client: KubeClient): Promise<string | undefined> {
  const [, service, namespace] = SUFFIX.exec(name) ?? []
  if (service === undefined || namespace === undefined) return undefined
  const found = await client
    .get<Service>(SERVICES, { namespace, name: service })
    .catch(() => undefined)
  return found?.spec.clusterIP
}

/** An address record for the name of the question, to be kept for five seconds. */
function record(address: string): Buffer {
  const bytes = address.split('.').map(Number)
  return Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 5, 0, 4, ...bytes])
}
