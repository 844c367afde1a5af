import { randomBytes } from 'node:crypto'
import type { Command, Flag, FlagValues, Io } from '../../../src/cli/command.js'
import { commandLog } from '../../../src/cli/command-log.js'
import { parseDurationSeconds } from '../../../src/config/duration.js'
import { RolesAnywhereError } from '../../../src/errors.js'
import { VERSION } from '../../../src/version.js'
import { createKubeClient } from '../../kube/client.js'
import { type Connection, connect } from '../../kube/connection.js'
import { parseListenAddress } from '../../listen-address.js'
import { untilAborted } from '../../until-aborted.js'
import { type InjectorOptions, startInjector } from './start-injector.js'

const FLAGS: readonly Flag[] = [
  {
    name: 'listen',
    value: 'HOST:PORT',
    help: 'where the API server asks (default 0.0.0.0:8443)',
  },
  {
    name: 'health-listen',
    value: 'HOST:PORT',
    help: 'where the kubelet and Prometheus ask (default 0.0.0.0:9912)',
  },
  {
    name: 'config',
    value: 'FILE',
    help: 'the configuration of the injector; read again when it changes',
  },
  {
    name: 'tls-certificate',
    value: 'FILE',
    help: 'certificate of the webhook, PEM; read again when it changes',
  },
  { name: 'tls-private-key', value: 'FILE', help: 'its private key, PEM' },
  {
    name: 'certificate-secret',
    value: 'NAME',
    help: 'instead of files: make certificates, and share them through this Secret',
  },
  {
    name: 'webhook-configuration',
    value: 'NAME',
    help: 'MutatingWebhookConfiguration that gets their authority (default rolesanywhere-injector)',
  },
  {
    name: 'host',
    value: 'NAME',
    help: 'name by which the API server asks (default rolesanywhere-injector.NAMESPACE.svc)',
  },
  {
    name: 'kubeconfig',
    value: 'FILE',
    help: 'how to reach the API server; default: as kubectl does',
  },
  {
    name: 'drain',
    value: 'DURATION',
    help: 'how long to answer after the readiness check fails (default 5s)',
  },
]

/** The mutating admission webhook. */
export const injectorCommand: Command = {
  usage: 'injector [flags]',
  summary: 'Add the sidecar to labelled pods, as a mutating admission webhook',
  description: `Runs in the cluster, from the manifests under sidecar/deploy. Pods with the label
rolesanywhere.io/inject: "true" get the sidecar when they are created; docs/injector.md describes
annotations, layers and the allow-list.

Its certificate comes from files (cert-manager), or the replicas make and renew it themselves in the
Secret that --certificate-secret names. SIGHUP has the configuration read at once.`,
  flags: FLAGS,
  example: 'injector --config /etc/rolesanywhere/injector.yaml --certificate-secret injector-tls',

  async run({ flags }, io) {
    const log = commandLog('injector', flags, io)
    const kubeconfig = flags.get('kubeconfig')
    const connection = connect(kubeconfig === undefined ? {} : { kubeconfig })
    const options = readOptions(flags, io, connection)
    const drainMs = parseDurationSeconds(flags.get('drain') ?? '5s') * 1000
    const { clock } = io
    const client = createKubeClient(connection, { clock, userAgent: `rolesanywhere/${VERSION}` })
    const injector = await startInjector(options, { client, clock, random: Math.random, log })
    const release = io.onSignal(['SIGHUP'], () => {
      injector.reload()
    })
    try {
      log.info('answering admission requests', { url: injector.url, health: injector.healthUrl })
      await untilAborted(io.signal)
      log.info('draining')
      return 0
    } finally {
      release()
      await injector.stop(drainMs)
      client.close()
    }
  },
}

function readOptions(flags: FlagValues, io: Io, { namespace }: Connection): InjectorOptions {
  const listen = parseListenAddress(flags.get('listen') ?? '0.0.0.0:8443', 'listen')
  const healthListen = parseListenAddress(
    flags.get('health-listen') ?? '0.0.0.0:9912',
    'health-listen',
  )
  const configFile = flags.get('config')
  const instance = io.env['HOSTNAME'] ?? 'injector'
  return {
    listen,
    healthListen,
    ...(configFile !== undefined && { configFile }),
    certificate: certificateOf(flags, { namespace, instance }),
    instance,
  }
}

function certificateOf(
  flags: FlagValues,
  { namespace, instance }: { readonly namespace: string; readonly instance: string },
): InjectorOptions['certificate'] {
  const secret = flags.get('certificate-secret')
  const certificate = flags.get('tls-certificate')
  const privateKey = flags.get('tls-private-key')
  const files = certificate !== undefined && privateKey !== undefined
  if (
    files === (secret !== undefined) ||
    (certificate === undefined) !== (privateKey === undefined)
  ) {
    throw new RolesAnywhereError(
      'ERR_RA_FLAG_CONFLICT',
      'the webhook needs a certificate from one place',
      { hint: 'pass --tls-certificate with --tls-private-key, or --certificate-secret' },
    )
  }
  if (files) return { files: { certificate, privateKey } }
  return {
    shared: {
      namespace,
      secret: secret ?? '',
      webhookConfiguration: flags.get('webhook-configuration') ?? 'rolesanywhere-injector',
      host: flags.get('host') ?? `rolesanywhere-injector.${namespace}.svc`,
      lease: 'rolesanywhere-injector',
      identity: `${instance}-${randomBytes(4).toString('hex')}`,
    },
  }
}
