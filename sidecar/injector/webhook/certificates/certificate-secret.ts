import type { Clock } from '../../../../src/clock.js'
import type { Logger } from '../../../../src/log.js'
import type { KubeClient } from '../../../kube/client.js'
import { isRefusal } from '../../../kube/failure.js'
import { type Informer, keepInformed } from '../../../kube/informer.js'
import { keepElecting } from '../../../kube/leader.js'
import { type KubeObject, RESOURCES } from '../../../kube/objects.js'
import { makePair } from './make-pair.js'
import {
  authorityBundle,
  type CertificateState,
  rotationStep,
  type ServingPair,
} from './rotation.js'
import {
  type CertificateSource,
  checkPair,
  type WebhookCertificate,
} from './webhook-certificate.js'

/** How often the leader looks when nothing changes. */
const LOOK_MS = 60_000

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly {
    readonly clientConfig: { readonly caBundle?: string; readonly service?: unknown }
  }[]
}

/** Names of what the replicas share. All exist before the injector starts; it creates none of them. */
export interface SharedCertificate {
  readonly namespace: string
  readonly secret: string
  /** The MutatingWebhookConfiguration whose every entry gets the authority. */
  readonly webhookConfiguration: string
  /** DNS name at which API servers reach the webhook. */
  readonly host: string
  readonly lease: string
  /** Of this process. */
  readonly identity: string
}

/** Effects of {@link keepSharedCertificate}. */
export interface SharedCertificateDeps {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Told of every pair that is taken into use. */
  readonly onChange: (pair: WebhookCertificate) => void
}

/**
 * Certificates without cert-manager: one replica, elected by a Lease, makes them, writes them into a
 * Secret and their authority into the webhook configuration; every replica serves what the Secret
 * holds. A new authority is published ten minutes before its certificate is used, next to the old one.
 */
export function keepSharedCertificate(
  names: SharedCertificate,
  deps: SharedCertificateDeps,
): CertificateSource {
  const { client, clock, random, log, onChange } = deps
  let held: WebhookCertificate | undefined
  let wake = new AbortController()

  const secrets = keepInformed<SecretObject, SecretObject>(
    {
      resource: RESOURCES.secrets,
      namespace: names.namespace,
      fieldSelector: `metadata.name=${names.secret}`,
      keep: (object) => object,
    },
    deps,
  )
  const webhooks = keepInformed<WebhookConfiguration, WebhookConfiguration>(
    {
      resource: RESOURCES.mutatingWebhooks,
      fieldSelector: `metadata.name=${names.webhookConfiguration}`,
      keep: (object) => object,
    },
    deps,
  )
  secrets.onChange(({ after }) => {
    const pair = after && stateOf(after).serving
    if (pair && pair.certificate !== held?.certificate) {
      try {
        held = checkPair(pair.certificate, pair.privateKey)
        log.info('webhook certificate taken into use', { notAfter: held.notAfter })
        onChange(held)
      } catch (error) {
        log.warn('webhook certificate in the Secret is not usable', { error })
      }
    }
    wake.abort()
  })
  webhooks.onChange(() => {
    wake.abort()
  })

  const look = async (): Promise<void> => {
    const secret = secrets.get(names.namespace, names.secret)
    if (!secret) {
      if (secrets.synced())
        log.warn('the Secret for the webhook certificate is missing', { ...names })
      return
    }
    const state = stateOf(secret)
    const step = rotationStep(state, clock.now())
    if (step !== 'none') {
      log.info('rotating the webhook certificate', { step })
      await client.replace(RESOURCES.secrets, withState(secret, await after(step, state)))
      return
    }
    await publish(client, webhooks.get('', names.webhookConfiguration), authorityBundle(state), log)
  }
  const after = async (
    step: 'make-first' | 'stage-next' | 'promote-next',
    { serving, next }: CertificateState,
  ): Promise<CertificateState> => {
    if (step === 'promote-next' && next) return { serving: next }
    const made = await makePair(names.host, clock)
    return step === 'stage-next' && serving ? { serving, next: made } : { serving: made }
  }

  const lead = async (term: AbortSignal): Promise<void> => {
    await Promise.all([secrets.ready, webhooks.ready])
    while (!term.aborted) {
      wake = new AbortController()
      try {
        await look()
      } catch (error) {
        // Somebody else wrote: their change wakes this loop with what they wrote.
        if (!isRefusal(error, 'ERR_RA_KUBE_CONFLICT')) {
          log.warn('cannot keep the webhook certificate', { error })
        }
      }
      await clock.sleep(LOOK_MS, { signal: AbortSignal.any([term, wake.signal]) })
    }
  }
  const { namespace, lease, identity } = names
  const election = keepElecting({ namespace, name: lease, identity }, (term) => void lead(term), {
    client,
    clock,
    random,
    log,
  })
  return {
    current: () => held,
    async stop() {
      await election.stop()
      await stopAll([secrets, webhooks])
    },
  }
}

async function stopAll(informers: readonly Informer<unknown>[]): Promise<void> {
  await Promise.all(informers.map(async (informer) => informer.stop()))
}

/** Sets the authority in every entry that does not have it, and touches nothing else. */
async function publish(
  client: KubeClient,
  configuration: WebhookConfiguration | undefined,
  bundle: string,
  log: Logger,
): Promise<void> {
  if (!configuration || bundle === '') {
    if (!configuration) log.warn('the webhook configuration is missing')
    return
  }
  const caBundle = Buffer.from(bundle).toString('base64')
  const entries = configuration.webhooks ?? []
  if (entries.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return
  await client.replace(RESOURCES.mutatingWebhooks, {
    ...configuration,
    webhooks: entries.map((entry) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, caBundle },
    })),
  } as WebhookConfiguration)
  log.info('authority written into the webhook configuration', { entries: entries.length })
}

function stateOf({ data = {} }: SecretObject): CertificateState {
  const pair = (prefix: string): ServingPair | undefined => {
    const [certificate, privateKey, authority] = ['tls.crt', 'tls.key', 'ca.crt'].map((name) =>
      Buffer.from(data[prefix + name] ?? '', 'base64').toString('utf8'),
    )
    return certificate && privateKey && authority
      ? { certificate, privateKey, authority }
      : undefined
  }
  const [serving, next] = [pair(''), pair('next-')]
  return { ...(serving && { serving }), ...(next && { next }) }
}

/** Other keys that somebody keeps in the Secret stay in it. */
function withState(secret: SecretObject, { serving, next }: CertificateState): SecretObject {
  const others = Object.entries(secret.data ?? {}).filter(
    ([name]) => !/^(next-)?(tls\.crt|tls\.key|ca\.crt)$/.test(name),
  )
  const encoded = (prefix: string, pair: ServingPair | undefined): [string, string][] =>
    pair
      ? [
          [`${prefix}tls.crt`, base64(pair.certificate)],
          [`${prefix}tls.key`, base64(pair.privateKey)],
          [`${prefix}ca.crt`, base64(pair.authority)],
        ]
      : []
  const data = Object.fromEntries([...others, ...encoded('', serving), ...encoded('next-', next)])
  return { ...secret, data }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
