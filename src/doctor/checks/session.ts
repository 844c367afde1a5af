import { RolesAnywhereError } from '../../errors.js'
import { silentLogger } from '../../log.js'
import { isLoopback } from '../../protocol/endpoints.js'
import { serviceFaultOf } from '../../protocol/service-error.js'
import { createSession } from '../../session/create-session.js'
import { createHttpClient } from '../../session/http-client.js'
import { createSigner } from '../../x509/signer.js'
import { type CallerIdentity, askCallerIdentity, stsEndpoint } from '../caller-identity.js'
import { type Check, check, type CheckResult } from '../check.js'
import { failedBy, type Finding, skipped } from '../finding.js'
import { weighCauses } from '../judgements/evidence.js'
import { judgeCaller, judgeSession } from '../judgements/session.js'
import { within } from '../probes/within.js'
import { limitsOf } from './network.js'

const session = check({
  id: 'session.create-session',
  network: true,
  needs: ['settings', 'identity', 'chain', 'arns', 'target', 'endpoint', 'answered', 'caBundle'],
  gives: ['session'],
  async run(known, { env, clock, random, signal }, soFar) {
    const { settings, identity, chain, arns, target, endpoint, caBundle } = known
    const durationSeconds = settings.value('sessionDurationSeconds')
    const roleSessionName = settings.value('roleSessionName')
    const send = createHttpClient({
      env,
      verifyTls: settings.value('noVerifySsl') !== true,
      ...(caBundle && { caBundle }),
    })
    const startMs = clock.monotonicMs()
    try {
      // Also with a certificate that breaks a rule: what the service says of it is worth knowing.
      const obtained = await createSession(
        createSigner({ ...identity, chain }),
        {
          params: { ...arns, durationSeconds, roleSessionName },
          endpoint,
          region: target.region,
          timeoutMs: (settings.value('timeoutSeconds') ?? 10) * 1000,
          // Once more for what passes by itself; no more, since somebody is waiting.
          maxAttempts: 2,
        },
        { send, clock, random, signal, log: silentLogger },
      )
      const ms = Math.round(clock.monotonicMs() - startMs)
      const at = new Date(clock.now().getTime() + obtained.clockOffsetMs)
      return {
        finding: judgeSession(obtained, at, durationSeconds ?? 3600, ms),
        facts: { session: obtained },
      }
    } catch (error) {
      signal.throwIfAborted()
      return { finding: refusal(error, soFar) }
    }
  },
})

/** What the service said, with everything that is known to lie behind it. */
function refusal(error: unknown, soFar: readonly CheckResult[]): Finding {
  // A wrong clock is found when the signature is refused a second time: that refusal is the cause.
  const fault = serviceFaultOf(error) ?? serviceFaultOf((error as Error).cause)
  if (!fault) return failedBy(error)
  const { status, type, message, requestId, explanation } = fault
  return failedBy(error, {
    causes: weighCauses(explanation.reason, explanation.causes, soFar),
    detail: {
      status,
      type: type ?? null,
      text: message ?? null,
      requestId: requestId ?? null,
      reason: explanation.reason,
    },
  })
}

const callerIdentity = check({
  id: 'session.caller-identity',
  network: true,
  needs: ['settings', 'session', 'target', 'endpoint', 'arns', 'caBundle'],
  async run({ settings, session: held, target, endpoint, arns, caBundle }, world) {
    const { env, clock } = world
    const send = createHttpClient({
      env,
      verifyTls: settings.value('noVerifySsl') !== true,
      ...(caBundle && { caBundle }),
    })
    try {
      const sts = stsEndpoint(target.region, settings.value('useFips') === true, env)
      if (isLoopback(endpoint.hostname) && !sts.configured) {
        const hint = 'set AWS_ENDPOINT_URL_STS to the STS that belongs to that endpoint'
        return { finding: skipped('the endpoint is this machine, and STS is not', hint) }
      }
      const at = new Date(clock.now().getTime() + held.clockOffsetMs)
      const identity: CallerIdentity = await within(
        sts.endpoint.hostname,
        limitsOf(settings, world),
        async (signal) =>
          askCallerIdentity(held.credentials, sts.endpoint, target.region, at, async (request) =>
            send(request, signal),
          ),
      )
      return { finding: judgeCaller(identity, arns.roleArn) }
    } catch (error) {
      world.signal.throwIfAborted()
      if (!(error instanceof RolesAnywhereError)) throw error
      return { finding: failedBy(error) }
    }
  },
})

/** A session for real, and what it is good for. */
export const SESSION_CHECKS: readonly Check[] = [session, callerIdentity]
