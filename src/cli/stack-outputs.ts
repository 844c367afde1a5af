import { RolesAnywhereError } from '../errors.js'

/** Outputs of one stack by name, names as CloudFormation has them: `TrustAnchorArn`. */
export type StackOutputs = ReadonlyMap<string, string>

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads what a deployment says of itself: `aws cloudformation describe-stacks`, the CDK's
 * `--outputs-file`, or `terraform output -json`.
 *
 * @param source Names the document in errors.
 * @param stack Which stack, where there are several.
 * @throws RolesAnywhereError `ERR_RA_INPUT_INVALID` when it is none of them.
 */
export function readStackOutputs(text: string, source: string, stack?: string): StackOutputs {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw invalid(`${source}: not JSON`, HINT, cause)
  }
  if (!isObject(document)) throw invalid(`${source}: not outputs of a stack`, HINT)
  if (isTerraform(document)) return terraformOutputs(document)
  const stacks = Array.isArray(document['Stacks'])
    ? describedStacks(document['Stacks'])
    : cdkStacks(document)
  return choose(stacks, source, stack)
}

const HINT =
  'give the JSON of "aws cloudformation describe-stacks", of "cdk deploy --outputs-file", or of "terraform output -json"'

function invalid(message: string, hint: string, cause?: unknown): RolesAnywhereError {
  return new RolesAnywhereError('ERR_RA_INPUT_INVALID', message, { hint, cause })
}

const isTerraform = (document: Json): boolean => {
  const entries = Object.values(document)
  return entries.length > 0 && entries.every((entry) => isObject(entry) && 'value' in entry)
}

/** Terraform's names are written `trust_anchor_arn`. Lists and maps are not for us. */
function terraformOutputs(document: Json): StackOutputs {
  const entries = Object.entries(document).flatMap(([name, entry]) => {
    const value = (entry as Json)['value']
    return typeof value === 'string' ? [[pascalCase(name), value] as const] : []
  })
  return new Map(entries)
}

const pascalCase = (name: string): string =>
  name.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

function describedStacks(stacks: readonly unknown[]): Map<string, StackOutputs> {
  const entries = stacks.filter(isObject).map((stack) => {
    const outputs = Array.isArray(stack['Outputs']) ? (stack['Outputs'] as unknown[]) : []
    const pairs = outputs
      .filter(isObject)
      .map(({ OutputKey, OutputValue }) => [String(OutputKey), String(OutputValue)] as const)
    return [String(stack['StackName']), new Map(pairs)] as const
  })
  return new Map(entries)
}

function cdkStacks(document: Json): Map<string, StackOutputs> {
  const entries = Object.entries(document).flatMap(([name, outputs]) => {
    if (!isObject(outputs)) return []
    const texts = Object.entries(outputs).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    )
    return [[name, new Map(texts)] as const]
  })
  return new Map(entries)
}

/** The stack that was named, else the only one that has a trust anchor. */
function choose(
  stacks: ReadonlyMap<string, StackOutputs>,
  source: string,
  stack: string | undefined,
): StackOutputs {
  const names = [...stacks.keys()].join(', ')
  if (stack !== undefined) {
    const found = stacks.get(stack)
    if (found) return found
    throw invalid(`${source}: no stack "${stack}"`, `stacks in it: ${names || 'none'}`)
  }
  const candidates = [...stacks.values()].filter((outputs) => outputs.has('TrustAnchorArn'))
  const [only] = candidates
  if (only && candidates.length === 1) return only
  if (candidates.length > 1) {
    throw invalid(
      `${source}: several stacks have a trust anchor`,
      `name one with --stack: ${names}`,
    )
  }
  throw invalid(
    `${source}: no stack with the output TrustAnchorArn`,
    `stacks in it: ${names || 'none'}. ${HINT}`,
  )
}
