import { UNKNOWN, type Value } from './values.js'

/** Where everything is made. */
export const ACCOUNT = '123456789012'
export const REGION = 'eu-central-1'

type Attributes = Readonly<Record<string, unknown>>

/** What AWS adds to a resource that it made, by type; `name` is the one that it has then. */
const MADE_UP: Readonly<Record<string, (state: Attributes, name: string) => Attributes>> = {
  aws_rolesanywhere_trust_anchor: (_, name) => ({
    arn: arn('rolesanywhere', `trust-anchor/${name}`),
  }),
  aws_rolesanywhere_profile: (_, name) => ({ arn: arn('rolesanywhere', `profile/${name}`) }),
  aws_iam_role: (_, name) => ({ name, arn: `arn:aws:iam::${ACCOUNT}:role/${name}` }),
  aws_ecr_repository: (_, name) => ({
    arn: arn('ecr', `repository/${name}`),
    registry_id: ACCOUNT,
    repository_url: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${name}`,
  }),
  aws_sns_topic: (_, name) => ({ name, arn: arn('sns', name) }),
  aws_cloudwatch_event_rule: (_, name) => ({ name, arn: arn('events', `rule/${name}`) }),
  aws_cloudformation_stack: (_, name) => ({ id: arn('cloudformation', `stack/${name}/1`) }),
}

const DATA_SOURCES: Readonly<Record<string, Attributes>> = {
  aws_caller_identity: { account_id: ACCOUNT },
  aws_partition: { partition: 'aws', dns_suffix: 'amazonaws.com' },
  aws_region: { region: REGION, name: REGION },
}

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`

/** A resource with the values that only AWS knows. */
export function withMadeUpValues(type: string, state: Value): Value {
  if (state === null) return null
  const given = Object.fromEntries(
    Object.entries(state).map(([key, value]) => [key, value === UNKNOWN ? null : value]),
  )
  const { name: plain, name_prefix: prefix } = given
  const name = typeof plain === 'string' ? plain : `${String(prefix)}1`
  const added = MADE_UP[type]?.(given, name) ?? {}
  return {
    ...given,
    id: given['id'] ?? name,
    ...added,
    ...('region' in given && { region: REGION }),
  }
}

/** What a data source says. */
export const dataSource = (type: string, config: Value): Value => ({
  ...config,
  id: type,
  ...DATA_SOURCES[type],
})
