import type { RefusalReason } from '../../protocol/refusals.js'
import type { CheckId, CheckResult } from '../check.js'

/** For each cause of a refusal, in the order of the table of refusals, the checks that would find it. */
type CausesChecks = readonly (readonly CheckId[])[]

const NOBODY: readonly CheckId[] = []

/** Refusals some of whose causes can be seen from here. */
export const EVIDENCE: Partial<Record<RefusalReason, CausesChecks>> = {
  'trust-anchor-not-found': [NOBODY, NOBODY, ['arns.agreement', 'arns.endpoint']],
  'certificate-untrusted': [
    ['chain.trust-anchor'],
    ['chain.trust-anchor'],
    ['certificate.validity', 'chain.rules'],
  ],
  'certificate-unfit': [
    ['certificate.key-usage'],
    ['certificate.end-entity'],
    ['certificate.signature-hash', 'certificate.version', 'certificate.subject'],
  ],
  'signature-invalid': [['network.clock'], ['certificate.key-match'], NOBODY],
  'profile-not-found': [NOBODY, NOBODY, ['arns.agreement'], NOBODY],
}

/**
 * Causes of a refusal in the light of what this run has found: those that a check confirms first,
 * those that a check rules out last, and each with the name of the check.
 */
export function weighCauses(
  reason: RefusalReason,
  causes: readonly string[],
  soFar: readonly CheckResult[],
): readonly string[] {
  const weighed = causes.map((cause, index) => {
    const checks = EVIDENCE[reason]?.[index] ?? NOBODY
    const seen = soFar.filter(({ id }) => checks.includes(id))
    const bad = seen.find(({ finding }) => finding.status === 'failed')
    if (bad) return { rank: 0, text: `${cause} (so says ${bad.id})` }
    const good = seen.filter(({ finding }) => finding.status === 'ok')
    if (good.length === 0 || good.length < seen.length) return { rank: 1, text: cause }
    return { rank: 2, text: `${cause} (ruled out by ${good.map(({ id }) => id).join(', ')})` }
  })
  // Sorting is stable: within a rank, the most frequent stays first.
  return weighed.sort((a, b) => a.rank - b.rank).map(({ text }) => text)
}
