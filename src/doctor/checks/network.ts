import { isIP } from 'node:net'
import type { Endpoint } from '../../protocol/endpoints.js'
import type { HttpRequest } from '../../protocol/http-message.js'
import { clockSkewMs } from '../../protocol/service-error.js'
import { RolesAnywhereError } from '../../errors.js'
import { createHttpClient } from '../../session/http-client.js'
import { networkFailure } from '../../session/network-failure.js'
import { trusting } from '../../session/tls-trust.js'
import { VERSION } from '../../version.js'
import { type Check, check, type Outcome, type World } from '../check.js'
import type { Facts } from '../facts.js'
import { failedBy, ok, skipped } from '../finding.js'
import { clockSkew, judgeClock } from '../judgements/clock-skew.js'
import { chooseProxy } from '../judgements/proxy-choice.js'
import { judgeTls } from '../judgements/tls-trust.js'
import type { HostPort } from '../probes/handshake.js'
import { type StepLimits, within } from '../probes/within.js'

const proxy = check({
  id: 'network.proxy',
  needs: ['endpoint'],
  gives: ['proxy'],
  run({ endpoint }, { env }) {
    try {
      const choice = chooseProxy(endpoint, env)
      return { finding: choice.finding, facts: { proxy: choice.proxy } }
    } catch (error) {
      return { finding: failedBy(error) }
    }
  },
})

const dns = check({
  id: 'network.dns',
  network: true,
  needs: ['endpoint', 'proxy'],
  gives: ['addresses'],
  async run({ endpoint, proxy: through, settings }, world) {
    const { hostname } = hostOf(endpoint, through)
    if (isIP(hostname)) {
      return { finding: ok(`${hostname} is an address`), facts: { addresses: [hostname] } }
    }
    const limits = limitsOf(settings, world)
    return attempt(endpoint, through, async () => {
      const addresses = await within('the name server', limits, async (signal) =>
        world.probes.lookup(hostname, signal),
      )
      const message = `${hostname} is ${addresses.join(', ')}`
      return { finding: ok(message, { hostname, addresses }), facts: { addresses } }
    })
  },
})

const tcp = check({
  id: 'network.tcp',
  network: true,
  needs: ['endpoint', 'proxy', 'addresses'],
  gives: ['connected'],
  async run({ endpoint, proxy: through, settings }, world) {
    const target = hostOf(endpoint, through)
    const { hostname, port } = target
    const startMs = world.clock.monotonicMs()
    return attempt(endpoint, through, async () => {
      await within(hostname, limitsOf(settings, world), async (signal) =>
        world.probes.connect(target, signal),
      )
      const ms = Math.round(world.clock.monotonicMs() - startMs)
      const finding = ok(`${hostname} port ${port} takes connections`, { hostname, port, ms })
      return { finding, facts: { connected: true } }
    })
  },
})

const tls = check({
  id: 'network.tls',
  network: true,
  needs: ['endpoint', 'proxy', 'connected', 'caBundle'],
  gives: ['secured'],
  async run({ endpoint, proxy: through, caBundle, settings }, world) {
    const { protocol, hostname, port = 443 } = endpoint
    if (protocol === 'http:') {
      return { finding: skipped('plain http, on this machine'), facts: { secured: true } }
    }
    const verify = settings?.value('noVerifySsl') !== true
    return attempt(endpoint, through, async () => {
      const secureContext = caBundle ? trusting(caBundle, world.env) : undefined
      const target = { hostname, port, proxy: through, ...(secureContext && { secureContext }) }
      const seen = await within(hostname, limitsOf(settings, world), async (signal) =>
        world.probes.handshake(target, signal),
      )
      const finding = judgeTls(seen, { hostname, port, verify })
      return { finding, ...(finding.status !== 'failed' && { facts: { secured: true } }) }
    })
  },
})

const clock = check({
  id: 'network.clock',
  network: true,
  needs: ['endpoint', 'proxy', 'secured', 'caBundle'],
  gives: ['answered'],
  async run({ endpoint, proxy: through, caBundle, settings }, world) {
    const send = createHttpClient({
      env: world.env,
      verifyTls: settings?.value('noVerifySsl') !== true,
      ...(caBundle && { caBundle }),
    })
    const sentAt = world.clock.now()
    const startMs = world.clock.monotonicMs()
    return attempt(endpoint, through, async () => {
      const response = await within(endpoint.hostname, limitsOf(settings, world), async (signal) =>
        send(harmlessRequest(endpoint), signal),
      )
      const facts = { answered: true } as const
      const roundTripMs = world.clock.monotonicMs() - startMs
      const aheadMs = clockSkewMs(response, sentAt)
      if (aheadMs === undefined) {
        const hint = 'compare the clock with another source, for example `chronyc tracking`'
        return { finding: skipped('the endpoint does not say what time it is', hint), facts }
      }
      const serviceDate = new Date(sentAt.getTime() + aheadMs)
      return { finding: judgeClock(clockSkew({ sentAt, roundTripMs, serviceDate })), facts }
    })
  },
})

/** Not signed and asking for nothing: every server answers it with a status and its time. */
const harmlessRequest = (endpoint: Endpoint): HttpRequest => ({
  ...endpoint,
  method: 'GET',
  path: '/',
  query: {},
  headers: { 'user-agent': `rolesanywhere/${VERSION}` },
  body: '',
})

/** What connections are made to: the proxy, if there is one. */
function hostOf(endpoint: Endpoint, through: URL | null): HostPort {
  const { protocol, hostname, port = protocol === 'https:' ? 443 : 80 } = endpoint
  if (!through) return { hostname, port }
  const own = through.protocol === 'https:' ? 443 : 80
  return { hostname: through.hostname.replace(/^\[|\]$/g, ''), port: Number(through.port || own) }
}

/** The limits of a step: those that --timeout sets. */
export function limitsOf(
  settings: Facts['settings'] | undefined,
  { clock: time, signal }: Pick<World, 'clock' | 'signal'>,
): StepLimits {
  return { clock: time, signal, timeoutMs: (settings?.value('timeoutSeconds') ?? 10) * 1000 }
}

/** Runs a step whose failures are those of the network. */
async function attempt(
  endpoint: Endpoint,
  through: URL | null,
  step: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'AbortError') throw error
    const told = networkFailure(error, harmlessRequest(endpoint), through ?? undefined)
    if (told instanceof RolesAnywhereError) return { finding: failedBy(told) }
    throw error
  }
}

/** The way to the endpoint, and the time there. */
export const NETWORK_CHECKS: readonly Check[] = [proxy, dns, tcp, tls, clock]
