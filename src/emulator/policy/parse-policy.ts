import type { JsonNode } from '../state/json-node.js'
import type { Condition } from './condition.js'
import { type Operator, OPERATORS } from './operators.js'
import type { Patterns, Policy, Statement } from './policy.js'

/** Whether a policy says who may assume a role, what a role may do, or who may use a repository. */
export type PolicyKind = 'trust' | 'permissions' | 'repository'

/**
 * Reads a policy document. Elements that the emulator does not evaluate are refused: a policy that
 * is silently half-read would let a test pass for the wrong reason.
 *
 * @throws RolesAnywhereError `ERR_RA_EMULATOR_STATE_INVALID`.
 */
export function parsePolicy(node: JsonNode, kind: PolicyKind): Policy {
  node.only('Version', 'Id', 'Statement')
  return node.required('Statement').oneOrMore((statement) => parseStatement(statement, kind))
}

function parseStatement(node: JsonNode, kind: PolicyKind): Statement {
  const subject = kind === 'permissions' ? ['Resource', 'NotResource'] : ['Principal']
  node.only('Sid', 'Effect', 'Action', 'NotAction', 'Condition', ...subject)
  return {
    effect: node.required('Effect').oneOf('Allow', 'Deny'),
    actions: parsePatterns(node, 'Action'),
    resources: kind === 'permissions' ? parsePatterns(node, 'Resource') : undefined,
    services: kind === 'trust' ? parseServices(node.required('Principal')) : undefined,
    principals: kind === 'repository' ? parsePrincipals(node.required('Principal')) : undefined,
    conditions: node.optional('Condition')?.entries().flatMap(parseConditions) ?? [],
  }
}

function parsePatterns(node: JsonNode, name: string): Patterns {
  const negative = node.optional(`Not${name}`)
  const negated = negative !== undefined
  return { negated, patterns: (negative ?? node.required(name)).oneOrMore((x) => x.string()) }
}

/** Only services matter here: nobody else calls through Roles Anywhere. */
function parseServices(node: JsonNode): string[] {
  if (node.value === '*') return ['*']
  node.only('Service', 'AWS', 'Federated')
  return node.optional('Service')?.oneOrMore((name) => name.string()) ?? []
}

function parsePrincipals(node: JsonNode): string[] {
  if (node.value === '*') return ['*']
  node.only('AWS')
  return node.required('AWS').oneOrMore((name) => name.string())
}

function parseConditions([name, block]: readonly [string, JsonNode]): Condition[] {
  const match = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(name)
  const operator = OPERATORS.get(match?.[2] ?? '')
  if (!match || !operator) {
    return block.fail('is not a condition operator that the emulator knows', {
      hint: `it knows ${[...OPERATORS.keys()].join(', ')}`,
    })
  }
  const quantifier = match[1] as Condition['quantifier']
  return block.entries().map(([key, values]) => ({
    operator,
    quantifier,
    ifExists: match[3] !== undefined,
    key: key.toLowerCase(),
    values: values.oneOrMore((value) => checkedValue(value, operator)),
  }))
}

/** A date that is none would compare as false for ever, and a denial under it would never come. */
function checkedValue(node: JsonNode, { form }: Operator): string {
  const value = node.scalar()
  return form === undefined || form.is(value) ? value : node.fail(`is not ${form.name}`)
}
