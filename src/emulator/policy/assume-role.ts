import type { Context } from './pattern.js'
import { type Policy, decide } from './policy.js'

/** Roles Anywhere makes its sessions with all three at once, so the role must allow all three. */
const ACTIONS = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']

const SERVICE = 'rolesanywhere.amazonaws.com'

/**
 * Asks a role's trust policy whether Roles Anywhere may assume it.
 *
 * @returns why not, or `undefined` when it may.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#trust-policy
 */
export function whyNotAssumable(policy: Policy, context: Context): string | undefined {
  const refused = ACTIONS.filter(
    (action) => decide([policy], { action, service: SERVICE, context }) !== 'allow',
  )
  return refused.length === 0
    ? undefined
    : `the trust policy does not allow ${refused.join(', ')} to ${SERVICE} for this request`
}
