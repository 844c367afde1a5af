import { type ErrorKind, KIND_OF } from '../../../src/errors.js'
import type {
  CertificateSnapshot,
  FailureCode,
  RoleSnapshot,
  SidecarSnapshot,
} from '../observer.js'
import { relativeText, spanText } from './relative-time.js'

/**
 * `ready`: all is well. `degraded`: credentials are served, and somebody should look.
 * `starting`: no session yet, and nothing failed. `failed`: no session, so nothing is served.
 */
export type State = 'ready' | 'degraded' | 'starting' | 'failed'

/** The sidecar in words: what is, and what to do about it. */
export interface SidecarStatus {
  readonly state: State
  readonly headline: string
  readonly problems: readonly Problem[]
}

/** Something that somebody should look at. */
export interface Problem {
  readonly what: string
  readonly advice?: string
}

/** What people do about a failure; a new kind does not compile until it has advice. */
const ADVICE: Readonly<Record<ErrorKind, string>> = {
  internal: 'This is a bug: report it with the log.',
  usage: 'Check the command line.',
  config: 'Check the settings named in the log.',
  identity: 'Check the certificate and private key files; the log names the file.',
  denied: "Check the role's trust policy, the profile and the trust anchor in AWS.",
  unavailable: 'Check the network to AWS. It is tried again, with growing pauses.',
}

const WEEK_MS = 7 * 24 * 60 * 60_000

/** Whether credentials can be served for a role, and how well that goes. */
export function roleState(role: RoleSnapshot, now: Date): State {
  if (!hasSession(role, now)) return role.failure ? 'failed' : 'starting'
  return role.stale || role.failure ? 'degraded' : 'ready'
}

/** `degraded` in the last week or fifth of its life, `failed` after its end. */
export function certificateState(certificate: CertificateSnapshot, now: Date): State {
  const { notBefore, notAfter, reloadFailure } = certificate
  const leftMs = notAfter.getTime() - now.getTime()
  if (leftMs <= 0) return 'failed'
  const lifeMs = notAfter.getTime() - notBefore.getTime()
  return reloadFailure || leftMs < Math.min(WEEK_MS, lifeMs / 5) ? 'degraded' : 'ready'
}

/** The sidecar as a whole, in words. */
export function sidecarStatus(snapshot: SidecarSnapshot, now: Date): SidecarStatus {
  const { roles, certificate } = snapshot
  const states = roles.map((role) => roleState(role, now))
  const ready = roles.filter((role) => hasSession(role, now)).length
  return {
    state: overall(states, certificate && certificateState(certificate, now)),
    headline: `${readyText(ready, roles.length)}; ${certificateText(certificate, now)}`,
    problems: [
      ...roles.flatMap((role) => roleProblem(role, now)),
      ...(certificate ? certificateProblems(certificate, now) : []),
    ],
  }
}

/** What `/readyz` says: whether every role has a session, and the reason if not. */
export function readiness(
  { roles }: SidecarSnapshot,
  now: Date,
): { readonly ready: boolean; readonly text: string } {
  const missing = roles.filter((role) => !hasSession(role, now))
  if (roles.length > 0 && missing.length === 0) return { ready: true, text: 'ready' }
  const reasons = missing.map(({ name, failure }) => `${name} (${failure?.code ?? 'starting'})`)
  return { ready: false, text: `not ready: no session for ${reasons.join(', ') || 'any role'}` }
}

/** Whether the role has a session that may be served. */
export function hasSession({ expiration }: RoleSnapshot, now: Date): boolean {
  return expiration !== undefined && expiration > now
}

function overall(roles: readonly State[], certificate: State | undefined): State {
  if (roles.includes('failed')) return 'failed'
  if (roles.includes('starting') || roles.length === 0) return 'starting'
  // With an expired certificate the sessions held still work, until they end.
  const fine = certificate === undefined || certificate === 'ready'
  return roles.includes('degraded') || !fine ? 'degraded' : 'ready'
}

function readyText(ready: number, all: number): string {
  if (all === 1) return ready === 1 ? '1 role ready' : 'role not ready'
  if (ready === all) return `${all} roles ready`
  return `${ready === 0 ? 'none' : ready} of ${all} roles ready`
}

function certificateText(certificate: CertificateSnapshot | undefined, now: Date): string {
  if (!certificate) return 'no certificate read yet'
  const { notAfter } = certificate
  return `certificate ${notAfter > now ? 'expires' : 'expired'} ${relativeText(notAfter, now)}`
}

function roleProblem(role: RoleSnapshot, now: Date): Problem[] {
  const { name, failure, expiration, stale } = role
  const left =
    expiration && hasSession(role, now)
      ? `the session held is good for ${spanText(expiration.getTime() - now.getTime())}`
      : 'there is no session'
  if (failure) {
    const times = failure.count === 1 ? 'once' : `${failure.count} times in a row`
    const when = relativeText(failure.at, now)
    const what = `${name}: refresh failed ${times}, last ${when} (${failure.code}); ${left}.`
    return [{ what, advice: ADVICE[kindOfCode(failure.code)] }]
  }
  return stale ? [{ what: `${name}: the refresh is overdue; ${left}.` }] : []
}

function certificateProblems(certificate: CertificateSnapshot, now: Date): Problem[] {
  const { notAfter, reloadFailure } = certificate
  const problems: Problem[] = []
  if (reloadFailure) {
    const when = relativeText(reloadFailure.at, now)
    problems.push({
      what: `The changed certificate files cannot be used (${reloadFailure.code}, ${when}); the certificate loaded before is kept.`,
      advice: ADVICE[kindOfCode(reloadFailure.code)],
    })
  }
  if (notAfter <= now) {
    problems.push({
      what: 'The certificate has expired: no session can be renewed.',
      advice: 'Issue a new one, or repair what should have renewed it.',
    })
  } else if (certificateState(certificate, now) === 'degraded' && !reloadFailure) {
    problems.push({
      what: `The certificate expires ${relativeText(notAfter, now)} and has not been renewed.`,
      advice: 'Check what should renew it.',
    })
  }
  return problems
}

const kindOfCode = (code: FailureCode): ErrorKind => (code === 'internal' ? code : KIND_OF[code])
