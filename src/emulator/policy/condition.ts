import { NULL, type Operator } from './operators.js'
import type { Context } from './pattern.js'

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

/** Whether one condition holds for a request. */
export function conditionHolds(condition: Condition, context: Context): boolean {
  const { operator, quantifier, key, values } = condition
  const actual = context.get(key) ?? []
  if (operator === NULL) {
    return values.some((value) => operator.holds(String(actual.length === 0), value, context))
  }
  if (actual.length === 0) {
    return condition.ifExists || quantifier === 'ForAllValues' || (operator.negated && !quantifier)
  }
  const test = (value: string): boolean =>
    values.some((expected) => operator.holds(value, expected, context)) !== operator.negated
  if (quantifier === 'ForAllValues') return actual.every(test)
  return quantifier === 'ForAnyValue' ? actual.some(test) : test(actual[0] ?? '')
}
