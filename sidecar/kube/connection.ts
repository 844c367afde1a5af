import * as http from 'node:http'
import * as https from 'node:https'
import { createHash } from 'node:crypto'
import { KubeConfig } from '@kubernetes/client-node'
import { RolesAnywhereError } from '../../src/errors.js'

/** Sockets that a process keeps open to the API server: a few watches, and calls beside them. */
const MAX_SOCKETS = 32

/** How to find the API server. Both absent: `KUBECONFIG`, `~/.kube/config`, then the pod's own account. */
export interface ConnectOptions {
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string
  /** Context of that file; default: its current one. */
  readonly context?: string
}

/** Where the API server is, and how a request proves who it comes from. */
export interface Connection {
  /** Scheme, host, port and, behind some gateways, the beginning of every path. */
  readonly server: URL
  /** Namespace of the context, or of the pod. */
  readonly namespace: string
  /** Fresh for each request, since tokens and client certificates are renewed. */
  authorize(): Promise<https.RequestOptions>
  /** Ends the connections that are kept open. */
  close(): void
}

/**
 * Opens a connection by the rules of `kubectl`: kubeconfig files with certificates, tokens and exec
 * plugins, or the service account of the pod, whose token is read again as the kubelet renews it.
 *
 * @throws RolesAnywhereError `ERR_RA_KUBE_CONFIG_INVALID` when there is no usable configuration.
 */
export function connect(options: ConnectOptions = {}): Connection {
  const config = load(options)
  const cluster = config.getCurrentCluster()
  if (!cluster) throw invalid('no current context', undefined)
  let server: URL
  try {
    server = new URL(cluster.server)
  } catch (cause) {
    throw invalid('the address of the API server is not a URL', cause)
  }
  const agents = keepAliveAgents()
  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    async authorize() {
      const applied: https.RequestOptions = {}
      await config.applyToHTTPSOptions(applied as Parameters<typeof config.applyToHTTPSOptions>[0])
      // The library makes an agent for each request. It is needed only to go through a proxy.
      const agent = cluster.proxyUrl ? applied.agent : agents.of(server, applied)
      return { ...applied, agent }
    },
    close: () => {
      agents.close()
    },
  }
}

function load({ kubeconfig, context }: ConnectOptions): KubeConfig {
  const config = new KubeConfig()
  try {
    if (kubeconfig === undefined) config.loadFromDefault()
    else config.loadFromFile(kubeconfig)
  } catch (cause) {
    throw invalid(`the kubeconfig ${kubeconfig ?? ''} cannot be read`.replace('  ', ' '), cause)
  }
  if (context !== undefined) {
    if (!config.getContextObject(context))
      throw invalid(`there is no context ${context}`, undefined)
    config.setCurrentContext(context)
  }
  return config
}

function invalid(problem: string, cause: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_KUBE_CONFIG_INVALID', problem, {
    cause,
    hint: 'run in a pod with a service account, or name a kubeconfig with --kubeconfig',
  })
}

/** One agent for each set of TLS material, so that connections last until a certificate is renewed. */
function keepAliveAgents(): {
  of: (server: URL, tls: https.RequestOptions) => http.Agent
  close: () => void
} {
  let held: { readonly key: string; readonly agent: http.Agent } | undefined
  return {
    of(server, tls) {
      const key = fingerprint(tls)
      if (held?.key !== key) {
        // Requests under way keep their sockets; idle ones end with the old certificate.
        for (const socket of Object.values(held?.agent.freeSockets ?? {}).flat()) socket?.destroy()
        const settings = { keepAlive: true, maxSockets: MAX_SOCKETS }
        const agent =
          server.protocol === 'http:'
            ? new http.Agent(settings)
            : new https.Agent({ ...settings, ...tlsOf(tls), minVersion: 'TLSv1.2' })
        held = { key, agent }
      }
      return held.agent
    },
    close() {
      held?.agent.destroy()
    },
  }
}

const TLS_KEYS = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'] as const

const tlsOf = (options: https.RequestOptions): https.AgentOptions =>
  Object.fromEntries(
    TLS_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  )

/** A digest, so that no copy of a private key is kept to compare with. */
function fingerprint(options: https.RequestOptions): string {
  const hash = createHash('sha256')
  for (const key of TLS_KEYS) hash.update(`${key}=${String(options[key])}\n`)
  return hash.digest('base64')
}
