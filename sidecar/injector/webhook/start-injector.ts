import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Clock } from '../../../src/clock.js'
import type { Logger } from '../../../src/log.js'
import { VERSION } from '../../../src/version.js'
import type { KubeClient } from '../../kube/client.js'
import { createEventRecorder, type Regarding } from '../../kube/event-recorder.js'
import { drain, listen } from '../../listen.js'
import type { ListenAddress } from '../../listen-address.js'
import { type Fields, isFields } from '../pod/pod.js'
import type { ServerVersion } from '../request.js'
import { admissionListener } from './admission-listener.js'
import type { AdmissionRequest } from './admission-review.js'
import { checkCertificates } from './certificate-check.js'
import { type CertificateFiles, keepCertificateFiles } from './certificates/certificate-files.js'
import { keepSharedCertificate, type SharedCertificate } from './certificates/certificate-secret.js'
import type { CertificateSource, WebhookCertificate } from './certificates/webhook-certificate.js'
import { watchCluster } from './cluster-view.js'
import { keepConfigFile } from './config-file.js'
import { createInjectorMetrics } from './injector-metrics.js'
import { reviewPod } from './review-pod.js'

/** The version of the API server changes when it is upgraded. */
const VERSION_POLL_MS = 10 * 60_000

/** What an injector is made of. */
export interface InjectorOptions {
  readonly listen: ListenAddress
  readonly healthListen: ListenAddress
  /** Absent: the defaults. */
  readonly configFile?: string
  /** Files that something renews, or a Secret that the replicas renew themselves. */
  readonly certificate:
    { readonly files: CertificateFiles } | { readonly shared: SharedCertificate }
  /** Name of this replica, for Events. */
  readonly instance: string
}

/** Effects of {@link startInjector}. */
export interface InjectorDeps {
  readonly client: KubeClient
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly log: Logger
}

/** A running injector. */
export interface Injector {
  readonly url: string
  readonly healthUrl: string
  /** Whether admissions are answered from a complete view of the cluster. */
  ready(): boolean
  /** Looks at the configuration file now. */
  reload(): void
  /** Fails readiness, waits `graceMs` for the API servers to notice, answers what is under way, ends. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Starts the mutating admission webhook. It listens at once and is ready as soon as it holds a
 * certificate and knows all namespaces and service accounts.
 *
 * @throws RolesAnywhereError for a configuration that is not usable, or `ERR_RA_LISTEN_FAILED`.
 */
export async function startInjector(
  options: InjectorOptions,
  deps: InjectorDeps,
): Promise<Injector> {
  const { client, clock, random, log } = deps
  const config = keepConfigFile(options.configFile, { clock, log })
  const { prefix } = config.current()
  const metrics = createInjectorMetrics(VERSION)
  const events = createEventRecorder({
    client,
    clock,
    log,
    controller: `${prefix}/injector`,
    instance: options.instance,
    randomId: () => randomUUID().slice(0, 13),
  })
  const cluster = watchCluster({ client, clock, random, log, prefix })
  const sources = checkCertificates({ client, clock, log })
  const version = keepServerVersion(deps)
  const tell = (asked: AdmissionRequest, reason: string, note: string): void => {
    events.record(regarding(asked), { type: 'Warning', reason, action: 'Inject', note })
  }
  let draining = false

  const listener = admissionListener({
    clock,
    log,
    onAnswer: metrics.onAnswer,
    review: async (request) => {
      const serverVersion = version.current()
      return reviewPod(request, {
        config: config.current(),
        cluster,
        ...(serverVersion && { serverVersion }),
        log,
        onRefusal: (asked, { rule, message }) => {
          const note = `pod ${asked.name} refused: ${message} (rule ${rule})`
          tell(asked, 'InjectionRefused', note)
        },
        certificates: sources,
        onMissingCertificate: (asked, message) => {
          tell(asked, 'CertificateMissing', `pod ${asked.name}: ${message}`)
        },
      })
    },
  })
  // Longer than the idle time of an API server's connections, so that it is never cut while it sends.
  const server = createTlsServer({
    minVersion: 'TLSv1.2',
    keepAliveTimeout: 120_000,
    headersTimeout: 10_000,
    requestTimeout: 20_000,
    maxHeaderSize: 16 * 1024,
  })
  server.on('request', listener)
  const onChange = ({ certificate, privateKey }: WebhookCertificate): void => {
    server.setSecureContext({ cert: certificate, key: privateKey, minVersion: 'TLSv1.2' })
  }
  const source = startCertificates(options, { ...deps, onChange })

  const ready = (): boolean => !draining && cluster.synced() && source.current() !== undefined
  const { createProbeApp } = await import('../../probe-app.js')
  const health = createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000 },
    createProbeApp({
      readiness: () => ({ ready: ready(), text: whyNotReady(draining, cluster.synced(), source) }),
      metrics: () => {
        const notAfter = source.current()?.notAfter
        return metrics.text({
          ...cluster.sizes(),
          ...(notAfter && { certificateNotAfter: notAfter }),
          configurationIsCurrent: config.isCurrent(),
        })
      },
    }),
  )
  health.maxConnections = 64

  const end = async (): Promise<void> => {
    await Promise.all([drain(server as unknown as Server, clock), drain(health, clock)])
    sources.stop()
    await Promise.all([
      source.stop(),
      cluster.stop(),
      version.stop(),
      config.stop(),
      events.flush(),
    ])
  }
  try {
    const url = await listen(server as unknown as Server, options.listen)
    const healthUrl = await listen(health, options.healthListen)
    return {
      url: url.replace(/^http:/, 'https:'),
      healthUrl,
      ready,
      reload: config.reload,
      async stop(graceMs = 0) {
        draining = true
        if (graceMs > 0) await clock.sleep(graceMs)
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

function startCertificates(
  { certificate }: InjectorOptions,
  deps: InjectorDeps & { readonly onChange: (pair: WebhookCertificate) => void },
): CertificateSource {
  return 'files' in certificate
    ? keepCertificateFiles(certificate.files, deps)
    : keepSharedCertificate(certificate.shared, deps)
}

function whyNotReady(draining: boolean, synced: boolean, source: CertificateSource): string {
  if (draining) return 'draining'
  if (!source.current()) return 'waiting for a webhook certificate'
  return synced ? 'ok' : 'reading namespaces and service accounts'
}

/** Whether native sidecars can be used depends on it; unknown until the API server has told. */
function keepServerVersion({ client, clock, log }: InjectorDeps): {
  current: () => ServerVersion | undefined
  stop: () => Promise<void>
} {
  const ending = new AbortController()
  let held: ServerVersion | undefined
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        held = await client.until(ending.signal).serverVersion()
      } catch (error) {
        log.debug('cannot read the version of the API server', { error })
      }
      const pauseMs = held ? VERSION_POLL_MS : 1_000
      await clock.sleep(pauseMs, { signal: ending.signal, background: true })
    }
  }
  const running = run()
  return {
    current: () => held,
    async stop() {
      ending.abort()
      await running
    },
  }
}

/** The pod does not exist: whoever asked for it is what people look at. */
function regarding({ object, namespace }: AdmissionRequest): Regarding {
  const metadata: Fields =
    isFields(object) && isFields(object['metadata']) ? object['metadata'] : {}
  const owners = Array.isArray(metadata['ownerReferences']) ? metadata['ownerReferences'] : []
  const owner: unknown = owners.find(
    (each: unknown) => isFields(each) && each['controller'] === true,
  )
  if (isFields(owner)) {
    const [apiVersion, kind, name, uid] = ['apiVersion', 'kind', 'name', 'uid'].map((field) =>
      String(owner[field]),
    )
    if (apiVersion && kind && name && uid) return { apiVersion, kind, namespace, name, uid }
  }
  const spec: Fields = isFields(object) && isFields(object['spec']) ? object['spec'] : {}
  const account = spec['serviceAccountName']
  const name = typeof account === 'string' && account !== '' ? account : 'default'
  return { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name }
}
