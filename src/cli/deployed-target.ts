import { RolesAnywhereError } from '../errors.js'
import { resolveTarget } from '../protocol/arn.js'
import type { StackOutputs } from './stack-outputs.js'

/** What a workload needs of a deployment. */
export interface DeployedTarget {
  readonly trustAnchorArn: string
  readonly profileArn: string
  readonly roleArn: string
  readonly region: string
}

const ROLE_OUTPUT = /^(\w*?)RoleArn$/

/**
 * Picks trust anchor, profile and one role from the outputs of a stack.
 *
 * @param role Name of the role as in its output, in any spelling: `image-puller` for
 *   `ImagePullerRoleArn`. Default: `fallback` where the stack has it, else the only role.
 * @throws RolesAnywhereError `ERR_RA_SETTING_MISSING` naming the output that is not there,
 *   `ERR_RA_ARN_INVALID` or `ERR_RA_ARN_MISMATCH` for one that is wrong.
 */
export function deployedTarget(
  outputs: StackOutputs,
  role: string | undefined,
  fallback: string,
): DeployedTarget {
  const trustAnchorArn = required(outputs, 'TrustAnchorArn')
  const profileArn = required(outputs, 'ProfileArn')
  const roleArn = roleArnOf(outputs, role, fallback)
  const { region } = resolveTarget({ trustAnchorArn, profileArn, roleArn })
  return { trustAnchorArn, profileArn, roleArn, region }
}

/**
 * An output that has to be there.
 *
 * @throws RolesAnywhereError `ERR_RA_SETTING_MISSING`.
 */
export function required(outputs: StackOutputs, name: string): string {
  const value = outputs.get(name)
  if (value !== undefined && value !== '') return value
  throw missing(`the stack has no output ${name}`, outputs)
}

function missing(message: string, outputs: StackOutputs): RolesAnywhereError {
  const names = [...outputs.keys()].join(', ')
  return new RolesAnywhereError('ERR_RA_SETTING_MISSING', message, {
    hint: `outputs that it has: ${names || 'none'}`,
  })
}

function roleArnOf(outputs: StackOutputs, role: string | undefined, fallback: string): string {
  const roles = [...outputs].flatMap(([name, arn]) => {
    const key = ROLE_OUTPUT.exec(name)?.[1]
    return key === undefined ? [] : [{ key: plain(key), name, arn }]
  })
  const wanted = roles.find(({ key }) => key === plain(role ?? fallback))
  if (wanted) return wanted.arn
  if (role !== undefined) throw missing(`the stack has no role "${role}"`, outputs)
  const [only] = roles
  if (only && roles.length === 1) return only.arn
  if (!only) throw missing(`the stack has no output ${pascal(fallback)}RoleArn`, outputs)
  throw new RolesAnywhereError('ERR_RA_SETTING_MISSING', 'the stack has several roles', {
    hint: `name one with --role: ${roles.map(({ name }) => name).join(', ')}`,
  })
}

const plain = (name: string): string => name.replace(/[-_]|RoleArn$/g, '').toLowerCase()

const pascal = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
