import { type Context, matchesPattern, substitute } from './pattern.js'

/** How one condition operator compares a value of the request with one of the policy. */
export interface Operator {
  readonly holds: (actual: string, expected: string, context: Context) => boolean
  /** True when *none* of the policy's values may match. */
  readonly negated: boolean
  /** What a value in a policy must be; without it, any text. */
  readonly form?: ValueForm
}

/** A kind of values in policies, and how messages name it. */
interface ValueForm {
  readonly is: (value: string) => boolean
  readonly name: string
}

type Holds = Operator['holds']

const equals: Holds = (actual, expected, context) => substitute(expected, context) === actual
const equalsIgnoreCase: Holds = (actual, expected, context) =>
  substitute(expected, context)?.toLowerCase() === actual.toLowerCase()
const like: Holds = (actual, expected, context) => matchesPattern(expected, actual, context)

/** Component by component: a wildcard does not reach over a colon, except in the last one. */
const arnLike: Holds = (actual, expected, context) => {
  const split = (arn: string): string[] => {
    const parts = arn.split(':')
    return [...parts.slice(0, 5), parts.slice(5).join(':')]
  }
  const [given, wanted] = [split(actual), split(expected)]
  return wanted.every((pattern, index) => matchesPattern(pattern, given[index] ?? '', context))
}

const bool: Holds = (actual, expected) => actual.toLowerCase() === expected.toLowerCase()

const BOOLEAN: ValueForm = { is: (value) => /^(true|false)$/i.test(value), name: 'true or false' }

const NUMBER: ValueForm = {
  is: (value) => /^-?\d{1,15}(\.\d{1,15})?$/.test(value),
  name: 'a number',
}

/** Seconds since 1970; four digits are a year, as in ISO 8601. */
const EPOCH = /^\d{5,12}$/
const ISO_DATE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?)?)?$/

/** An instant in milliseconds; NaN for what is none. */
const instant = (value: string): number =>
  EPOCH.test(value) ? Number(value) * 1000 : ISO_DATE.test(value) ? Date.parse(value) : Number.NaN

const DATE: ValueForm = {
  is: (value) => !Number.isNaN(instant(value)),
  name: 'a date such as 2026-06-01T12:00:00Z, or seconds since 1970',
}

const COMPARISONS = {
  Equals: (left: number, right: number) => left === right,
  LessThan: (left: number, right: number) => left < right,
  LessThanEquals: (left: number, right: number) => left <= right,
  GreaterThan: (left: number, right: number) => left > right,
  GreaterThanEquals: (left: number, right: number) => left >= right,
} as const

/** The six operators for values that have an order, under a common prefix. */
function ordered(
  prefix: string,
  form: ValueForm,
  measure: (value: string) => number,
): [name: string, operator: Operator][] {
  const holds =
    (compare: (left: number, right: number) => boolean): Holds =>
    (actual, expected) =>
      compare(measure(actual), measure(expected))
  const positive = Object.entries(COMPARISONS).map(([name, compare]): [string, Operator] => [
    `${prefix}${name}`,
    { holds: holds(compare), negated: false, form },
  ])
  const notEquals: Operator = { holds: holds(COMPARISONS.Equals), negated: true, form }
  return [...positive, [`${prefix}NotEquals`, notEquals]]
}

const positive = (holds: Holds): Operator => ({ holds, negated: false })
const negative = (holds: Holds): Operator => ({ holds, negated: true })

/** Asks whether a key is absent, and not about its values. */
export const NULL: Operator = { holds: bool, negated: false, form: BOOLEAN }

/**
 * The condition operators that the emulator knows, by name.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
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
  ...ordered('Numeric', NUMBER, Number),
  ...ordered('Date', DATE, instant),
  ['Bool', { holds: bool, negated: false, form: BOOLEAN }],
  ['Null', NULL],
])
