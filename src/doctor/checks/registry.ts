import { RolesAnywhereError } from '../../errors.js'
import { apiEndpointFor } from '../../ecr/api-endpoint.js'
import { getAuthorizationToken } from '../../ecr/get-authorization-token.js'
import { tryLogin } from '../../ecr/registry-client.js'
import { silentLogger } from '../../log.js'
import { isLoopback } from '../../protocol/endpoints.js'
import { createHttpClient, type Send } from '../../session/http-client.js'
import { type Check, check, type World } from '../check.js'
import type { Facts } from '../facts.js'
import { failedBy, ok, type Finding, skipped } from '../finding.js'

function sendFor(
  { settings, caBundle }: Pick<Facts, 'settings' | 'caBundle'>,
  env: World['env'],
): Send {
  return createHttpClient({
    env,
    verifyTls: settings.value('noVerifySsl') !== true,
    ...(caBundle && { caBundle }),
  })
}

function failure(error: unknown, { signal }: World): Finding {
  signal.throwIfAborted()
  if (!(error instanceof RolesAnywhereError)) throw error
  return failedBy(error)
}

const password = check({
  id: 'registry.password',
  network: true,
  needs: ['settings', 'session', 'endpoint', 'caBundle'],
  gives: ['registryPassword'],
  async run(known, world) {
    const { clock, random, signal, registry: target } = world
    if (!target) return {}
    const { registry, endpoint } = target
    try {
      const { hostname } = apiEndpointFor(registry, endpoint)
      // No key of an emulator goes to AWS.
      if (isLoopback(known.endpoint.hostname) && !isLoopback(hostname)) {
        const hint = 'set AWS_ENDPOINT_URL_ECR to the ECR that belongs to that endpoint'
        return { finding: skipped('the endpoint is this machine, and ECR is not', hint) }
      }
      const send = sendFor(known, world.env)
      const deps = { send, clock, random, signal, log: silentLogger }
      const token = await getAuthorizationToken(registry, known.session, endpoint, deps)
      const until = token.expiresAt.toISOString()
      return {
        finding: ok(`${hostname} gives the role a password, good until ${until}`, {
          hostname,
          until,
        }),
        facts: { registryPassword: token },
      }
    } catch (error) {
      return { finding: failure(error, world) }
    }
  },
})

const login = check({
  id: 'registry.login',
  network: true,
  needs: ['settings', 'endpoint', 'caBundle', 'registryPassword'],
  async run(known, world) {
    const { clock, signal, registry: target } = world
    if (!target) return {}
    const { host } = target
    if (isLoopback(known.endpoint.hostname) && !isLoopback(host.replace(/:\d+$/, ''))) {
      const hint = 'name the registry of that endpoint, with --registry-alias'
      return { finding: skipped('the endpoint is this machine, and the registry is not', hint) }
    }
    try {
      await tryLogin(host, known.registryPassword, {
        send: sendFor(known, world.env),
        clock,
        signal,
      })
      return { finding: ok(`${host} takes the password`, { host }) }
    } catch (error) {
      return { finding: failure(error, world) }
    }
  },
})

/** What it takes to pull from a registry, apart from permissions on its repositories. */
export const REGISTRY_CHECKS: readonly Check[] = [password, login]
