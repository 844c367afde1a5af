import type { Names } from './names.js'

/** Stands for `AWS::NoValue`: the member or element that has it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue')

type Intrinsic = (argument: unknown, scope: Names, where: string) => unknown

/**
 * The functions of CloudFormation that are understood; every other one is refused by its name.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['Ref', (name, scope, where) => scope.ref(textOf(name, scope, where), where)],
  ['Fn::GetAtt', getAtt],
  ['Fn::Sub', sub],
  ['Fn::Join', join],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::If', choose],
  ['Fn::FindInMap', findInMap],
  ['Condition', (name, scope, where) => scope.condition(textOf(name, scope, where), where)],
  [
    'Fn::Equals',
    (sides, scope, where) => {
      const [left, right] = listOf(sides, scope, where).map((side) => evaluate(side, scope, where))
      return String(left) === String(right)
    },
  ],
  [
    'Fn::Contains',
    (sides, scope, where) => {
      const [list, value] = listOf(sides, scope, where)
      return textsOf(list, scope, where).includes(textOf(value, scope, where))
    },
  ],
  ['Fn::Not', (parts, scope, where) => truths(parts, scope, where)[0] === false],
  ['Fn::And', (parts, scope, where) => truths(parts, scope, where).every(Boolean)],
  ['Fn::Or', (parts, scope, where) => truths(parts, scope, where).some(Boolean)],
])

/** A function by its name, or anything that could only be meant as one. */
const FUNCTION = /^(Ref|Condition|Fn::\w+)$/

/**
 * A value of a template with its functions carried out.
 *
 * @param where Names the place in errors.
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID` for what is not understood.
 */
export function evaluate(value: unknown, scope: Names, where: string): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item: unknown, index) => evaluate(item, scope, `${where}[${index}]`))
      .filter((item) => item !== NO_VALUE)
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [only] = entries
  if (entries.length === 1 && only && FUNCTION.test(only[0]) && !isConditionBlock(only)) {
    const intrinsic = INTRINSICS.get(only[0])
    if (!intrinsic) {
      const known = [...INTRINSICS.keys()].join(', ')
      return scope.fail(`${where} uses ${only[0]}, which the emulator does not carry out`, known)
    }
    return intrinsic(only[1], scope, where)
  }
  return Object.fromEntries(
    entries
      .map(([name, member]) => [name, evaluate(member, scope, `${where}.${name}`)] as const)
      .filter(([, member]) => member !== NO_VALUE),
  )
}

/** `Condition` is a function when it names one, and a block of a policy when it holds members. */
const isConditionBlock = ([name, argument]: readonly [string, unknown]): boolean =>
  name === 'Condition' && typeof argument !== 'string'

function textOf(value: unknown, scope: Names, where: string): string {
  const text = evaluate(value, scope, where)
  if (typeof text === 'string') return text
  return typeof text === 'number' || typeof text === 'boolean'
    ? String(text)
    : scope.fail(`${where} is not a text`)
}

const listOf = (value: unknown, scope: Names, where: string): readonly unknown[] =>
  Array.isArray(value) ? value : scope.fail(`${where} is not a list`)

const truths = (value: unknown, scope: Names, where: string): boolean[] =>
  listOf(value, scope, where).map((part) => evaluate(part, scope, where) === true)

function textsOf(value: unknown, scope: Names, where: string): string[] {
  const list = evaluate(value, scope, where)
  return listOf(list, scope, where).map((item) => textOf(item, scope, where))
}

function getAtt(argument: unknown, scope: Names, where: string): unknown {
  const [name = '', ...attribute] =
    typeof argument === 'string' ? argument.split('.') : textsOf(argument, scope, where)
  return scope.attribute(name, attribute.join('.'), where)
}

function join(argument: unknown, scope: Names, where: string): string {
  const [delimiter, list] = listOf(argument, scope, where)
  return textsOf(list, scope, where).join(textOf(delimiter, scope, where))
}

function select(argument: unknown, scope: Names, where: string): unknown {
  const [index, list] = listOf(argument, scope, where)
  const position = Number(textOf(index, scope, where))
  return textsOf(list, scope, where)[position] ?? scope.fail(`${where} selects what is not there`)
}

function split(argument: unknown, scope: Names, where: string): string[] {
  const [delimiter, text] = listOf(argument, scope, where)
  return textOf(text, scope, where).split(textOf(delimiter, scope, where))
}

function choose(argument: unknown, scope: Names, where: string): unknown {
  const [name, yes, no] = listOf(argument, scope, where)
  return evaluate(scope.condition(textOf(name, scope, where), where) ? yes : no, scope, where)
}

function findInMap(argument: unknown, scope: Names, where: string): unknown {
  const [map, key, name, ...more] = listOf(argument, scope, where).map((part) =>
    textOf(part, scope, where),
  )
  if (map === undefined || key === undefined || name === undefined || more.length > 0) {
    return scope.fail(`${where} does not give Fn::FindInMap three names`)
  }
  return scope.mapped([map, key, name], where)
}

/** `${!x}` is the text `${x}`: policies write their own variables so. */
function sub(argument: unknown, scope: Names, where: string): string {
  const [pattern, given = {}] = Array.isArray(argument) ? (argument as unknown[]) : [argument]
  const values = new Map(Object.entries(given as object))
  return textOf(pattern, scope, where).replace(/\$\{(!?)([^}]*)\}/g, (_, literal, name: string) => {
    if (literal === '!') return `\${${name}}`
    if (values.has(name)) return textOf(values.get(name), scope, where)
    const found = name.includes('.') ? getAtt(name, scope, where) : scope.ref(name, where)
    return textOf(found, scope, where)
  })
}
