import type { Check, CheckId, CheckResult, Group, Outcome, World } from './check.js'
import type { Facts } from './facts.js'
import { skipped } from './finding.js'

/** How the checks are run. */
export interface RunOptions {
  /** Leave out every check that opens connections. */
  readonly offline: boolean
  /** Told of each result as soon as it is there. */
  readonly onResult?: (result: CheckResult) => void
}

/**
 * Runs checks one after the other. A check whose facts are missing is skipped and says whose fault
 * that is; all others run, whatever has failed before.
 *
 * @returns the results in order; checks that had nothing to say are left out.
 * @throws Error, the reason of `world.signal`, when it is aborted.
 */
export async function runChecks(
  checks: readonly Check[],
  world: World,
  { offline, onResult = () => {} }: RunOptions,
): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  const blockedBy = new Map<CheckId, CheckId>()
  let known: Partial<Facts> = {}
  for (const check of checks) {
    world.signal.throwIfAborted()
    const blocker = blockerOf(check, checks, known)
    if (blocker) blockedBy.set(check.id, blockedBy.get(blocker) ?? blocker)
    const outcome = whyNot(check, offline, blockedBy) ?? (await check.run(known, world, results))
    // What a check says after it was interrupted is not worth much.
    world.signal.throwIfAborted()
    known = { ...known, ...outcome.facts }
    if (!outcome.finding) continue
    const group = check.id.split('.', 1)[0] as Group
    const result = { id: check.id, group, finding: outcome.finding }
    results.push(result)
    onResult(result)
  }
  return results
}

function whyNot(
  { id, network = false }: Check,
  offline: boolean,
  blockedBy: ReadonlyMap<CheckId, CheckId>,
): Outcome | undefined {
  if (network && offline) return { finding: skipped('left out: --offline') }
  const blocker = blockedBy.get(id)
  return blocker && { finding: skipped(`not checked, because of ${blocker}`) }
}

/** The check that should have given a fact that this one needs. */
function blockerOf(
  { needs }: Check,
  checks: readonly Check[],
  known: Partial<Facts>,
): CheckId | undefined {
  const missing = needs.find((fact) => known[fact] === undefined)
  // The first one: those after it only know better.
  return missing && checks.find(({ gives }) => gives.includes(missing))?.id
}
