import type { Session } from '../session/session-store.js'
import { type Policy, decide } from '../policy/policy.js'
import type { EmulatorState } from '../state/state.js'

/**
 * Asks the role's policies, and the profile's session policy, whether a session may do something.
 * A role without a policy list may do everything.
 *
 * @returns the text of the refusal in AWS's form, or `undefined` when it is allowed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function whyNotPermitted(
  state: EmulatorState,
  session: Session,
  action: string,
  resource: string,
): string | undefined {
  const role = state.role(session.roleArn)
  const sessionPolicy = state.profile(session.profileArn)?.sessionPolicy
  const context = contextOf(session)
  const sides: readonly (readonly [policies: readonly Policy[] | undefined, kind: string])[] = [
    [role ? role.policies : [], 'identity-based policy'],
    [sessionPolicy && [sessionPolicy], 'session policy'],
  ]
  for (const [policies, kind] of sides) {
    const decision = policies ? decide(policies, { action, resource, context }) : 'allow'
    if (decision === 'allow') continue
    const why =
      decision === 'deny'
        ? `with an explicit deny in ${kind === 'session policy' ? 'a' : 'an'} ${kind}`
        : `because no ${kind} allows the ${action} action`
    const who = `User: ${session.assumedRoleArn} is not authorized to perform: ${action}`
    return `${who} on resource: ${resource} ${why}`
  }
  return undefined
}

function contextOf(session: Session): ReadonlyMap<string, readonly string[]> {
  const tags = [...session.tags].map(
    ([key, value]) => [`aws:principaltag/${key.toLowerCase()}`, [value]] as const,
  )
  return new Map<string, readonly string[]>([
    ...tags,
    ['aws:principalarn', [session.roleArn]],
    ['aws:principalaccount', [session.account]],
    ['aws:sourceidentity', [session.sourceIdentity]],
    ['aws:userid', [session.assumedRoleId]],
  ])
}
