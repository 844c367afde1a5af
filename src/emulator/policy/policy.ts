import { type Condition, conditionHolds } from './condition.js'
import { type Context, matchesPattern } from './pattern.js'

/** Patterns that must match, or (`negated`) must not. */
export interface Patterns {
  readonly negated: boolean
  readonly patterns: readonly string[]
}

/** One statement of a policy document. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: Patterns
  /** Absent in trust policies. */
  readonly resources: Patterns | undefined
  /** Service principals that it speaks of, `*` for all; absent in permission policies. */
  readonly services: readonly string[] | undefined
  /** Accounts and ARNs that it speaks of, `*` for all; only in policies of repositories. */
  readonly principals?: readonly string[] | undefined
  readonly conditions: readonly Condition[]
}

/** A policy document, its statements in order. */
export type Policy = readonly Statement[]

/** What is asked of a policy. */
export interface Question {
  readonly action: string
  readonly resource?: string
  readonly service?: string
  /** Every name of who asks: account, root of the account, role, session. */
  readonly principals?: readonly string[]
  readonly context: Context
}

/** `deny` is an explicit one; `none` means that no statement allows it. */
export type Decision = 'allow' | 'deny' | 'none'

/**
 * Asks policies that count together: a denial in any of them wins, an allowance in one suffices.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(policies: readonly Policy[], question: Question): Decision {
  const effects = policies
    .flat()
    .filter((statement) => applies(statement, question))
    .map(({ effect }) => effect)
  if (effects.includes('Deny')) return 'deny'
  return effects.includes('Allow') ? 'allow' : 'none'
}

function applies(statement: Statement, question: Question): boolean {
  const { action, resource, service, principals: names = [], context } = question
  const { actions, resources, services, principals, conditions } = statement
  return (
    fits(actions, (pattern) =>
      matchesPattern(pattern.toLowerCase(), action.toLowerCase(), new Map()),
    ) &&
    (!services || services.some((name) => name === '*' || name === service)) &&
    (!principals || principals.some((name) => name === '*' || names.includes(name))) &&
    (!resources ||
      fits(resources, (pattern) => matchesPattern(pattern, resource ?? '', context))) &&
    conditions.every((condition) => conditionHolds(condition, context))
  )
}

const fits = ({ negated, patterns }: Patterns, test: (pattern: string) => boolean): boolean =>
  patterns.some(test) !== negated
