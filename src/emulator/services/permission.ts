import { timeKeys } from '../session/session-description.js'
import type { Session } from '../session/session-store.js'
import type { Context } from '../policy/pattern.js'
import { type Policy, decide } from '../policy/policy.js'
import type { EmulatorState } from '../state/state.js'

/** What a session wants to do, and when. */
export interface Wish {
  readonly session: Session
  readonly action: string
  readonly resource: string
  readonly at: Date
}

/**
 * Asks the role's policies, and the profile's session policy, whether a session may do something.
 * A role without a policy list may do everything.
 *
 * @returns the text of the refusal in AWS's form, or `undefined` when it is allowed.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function whyNotPermitted(state: EmulatorState, wish: Wish): string | undefined {
  const { session, action, resource, at } = wish
  const role = state.role(session.roleArn)
  const sessionPolicy = state.profile(session.profileArn)?.sessionPolicy
  const context = sessionContext(session, at)
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

/** What the conditions of a policy may ask about a request of a session. */
export function sessionContext(session: Session, at: Date): Context {
  const entries: [name: string, values: string[]][] = [
    ...[...session.tags].map(([key, value]): [string, string[]] => [
      `aws:PrincipalTag/${key}`,
      [value],
    ]),
    ['aws:PrincipalArn', [session.roleArn]],
    ['aws:PrincipalAccount', [session.account]],
    ['aws:SourceIdentity', [session.sourceIdentity]],
    ['aws:userid', [session.assumedRoleId]],
    ['aws:TokenIssueTime', [session.issuedAt.toISOString()]],
    ...timeKeys(at),
  ]
  return new Map(entries.map(([name, values]) => [name.toLowerCase(), values]))
}
