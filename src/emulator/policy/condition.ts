import { type Context, matchesPattern, substitute } from './pattern.js'

/** One key of a condition block. */
export interface Condition {
  readonly operator: Operator
  /** How a key with several values is judged; without it the key has one value. */
  readonly quantifier: 'ForAnyValue' | 'ForAllValues' | undefined
  readonly ifExists: boolean
  /** Lower-case. */
  readonly key: string
  readonly values: readonly string[]
}

/** How one operator compares a value of the request with one of the policy. */
export interface Operator {
  readonly holds: (actual: string, expected: string, context: Context) => boolean
  /** True when *none* of the policy's values may match. */
  readonly negated: boolean
}

const equals: Operator['holds'] = (actual, expected, context) =>
  substitute(expected, context) === actual
const equalsIgnoreCase: Operator['holds'] = (actual, expected, context) =>
  substitute(expected, context)?.toLowerCase() === actual.toLowerCase()
const like: Operator['holds'] = (actual, expected, context) =>
  matchesPattern(expected, actual, context)

/** Component by component: a wildcard does not reach over a colon, except in the last one. */
const arnLike: Operator['holds'] = (actual, expected, context) => {
  const split = (arn: string): string[] => {
    const parts = arn.split(':')
    return [...parts.slice(0, 5), parts.slice(5).join(':')]
  }
  const [given, wanted] = [split(actual), split(expected)]
  return wanted.every((pattern, index) => matchesPattern(pattern, given[index] ?? '', context))
}

const bool: Operator['holds'] = (actual, expected) =>
  actual.toLowerCase() === expected.toLowerCase()

const positive = (holds: Operator['holds']): Operator => ({ holds, negated: false })
const negative = (holds: Operator['holds']): Operator => ({ holds, negated: true })

/**
 * The condition operators that the emulator knows. `Null` is not among them because it asks about
 * keys and not about values; see {@link conditionHolds}.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', positive(equals)],
  ['StringNotEquals', negative(equals)],
  ['StringEqualsIgnoreCase', positive(equalsIgnoreCase)],
  ['StringNotEqualsIgnoreCase', negative(equalsIgnoreCase)],
  ['StringLike', positive(like)],
  ['StringNotLike', negative(like)],
  ['ArnEquals', positive(arnLike)],
  ['ArnLike', positive(arnLike)],
  ['ArnNotEquals', negative(arnLike)],
  ['ArnNotLike', negative(arnLike)],
  ['Bool', positive(bool)],
  ['Null', positive(bool)],
])

/** The operator that asks whether a key is absent. */
const NULL = OPERATORS.get('Null')

/** Whether one condition holds for a request. */
export function conditionHolds(condition: Condition, context: Context): boolean {
  const { operator, quantifier, key, values } = condition
  const actual = context.get(key) ?? []
  if (operator === NULL)
    return values.some((value) => bool(String(actual.length === 0), value, context))
  if (actual.length === 0) {
    return condition.ifExists || quantifier === 'ForAllValues' || (operator.negated && !quantifier)
  }
  const test = (value: string): boolean =>
    values.some((expected) => operator.holds(value, expected, context)) !== operator.negated
  if (quantifier === 'ForAllValues') return actual.every(test)
  return quantifier === 'ForAnyValue' ? actual.some(test) : test(actual[0] ?? '')
}
