import { purposeOf } from './from-cloudformation.js'
import { type Infrastructure, line, type Role, sayings, withSymbols } from './infrastructure.js'

type Values = Readonly<Record<string, unknown>>

/** The state of Terraform, as `terraform show -json` prints it. */
export interface TerraformState {
  readonly values: {
    readonly outputs: Readonly<Record<string, { readonly value: string }>>
    readonly root_module: {
      readonly resources: readonly { readonly type: string; readonly values: Values }[]
    }
  }
}

/** What Terraform made. */
export function fromTerraform({ values }: TerraformState): Infrastructure {
  const { resources } = values.root_module
  const all = (type: string): Values[] =>
    resources.filter((x) => x.type === `aws_${type}`).map((x) => x.values)
  const one = (type: string): Values => all(type)[0] ?? {}
  const [anchor, profile] = [one('rolesanywhere_trust_anchor'), one('rolesanywhere_profile')]
  const [repository, rule] = [one('ecr_repository'), one('cloudwatch_event_rule')]
  const roles = all('iam_role').map((role): [string, Role] => {
    const policies = all('iam_role_policy').filter((x) => x['role'] === role['id'])
    return [
      purposeOf(role['description']),
      {
        name: typeof role['name_prefix'] === 'string' ? undefined : (role['name'] as string),
        maxSessionSeconds: Number(role['max_session_duration']),
        trust: sayings(role['assume_role_policy']),
        permissions: policies.flatMap((x) => sayings(x['policy'])).sort(),
      },
    ]
  })
  const made: Infrastructure = {
    trustAnchor: {
      enabled: anchor['enabled'] === true,
      source: Object.entries(first(first(anchor, 'source'), 'source_data'))
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [SOURCES[name], value])
        .join(),
      notifications: (anchor['notification_settings'] as Values[])
        .map((x) => line(x['event'], x['threshold'], x['channel'], x['enabled']))
        .sort(),
    },
    revocationLists: all('cloudformation_stack').flatMap((stack) => {
      const { Resources } = JSON.parse(String(stack['template_body'])) as {
        Resources: Record<string, { Type: string; Properties: Values }>
      }
      return Object.values(Resources)
        .filter(({ Type }) => Type === 'AWS::RolesAnywhere::CRL')
        .map(({ Properties: x }) =>
          line(x['Name'], x['CrlData'], x['Enabled'] === true, x['TrustAnchorArn']),
        )
    }),
    profile: {
      enabled: profile['enabled'] === true,
      durationSeconds: Number(profile['duration_seconds']),
      acceptRoleSessionName: profile['accept_role_session_name'] === true,
      roles: [...(profile['role_arns'] as string[])].sort(),
      sessionPolicy: sayings(profile['session_policy']),
      managedPolicyArns: [...((profile['managed_policy_arns'] ?? []) as string[])].sort(),
    },
    roles: Object.fromEntries(roles),
    repository: {
      name: String(repository['name']),
      settings: [
        repository['image_tag_mutability'],
        first(repository, 'image_scanning_configuration')['scan_on_push'],
        first(repository, 'encryption_configuration')['encryption_type'],
      ],
      lifecycle: JSON.parse(String(one('ecr_lifecycle_policy')['policy'])),
      policy: sayings(one('ecr_repository_policy')['policy']),
    },
    alarms: all('cloudwatch_metric_alarm')
      .map((x) =>
        line(
          ...[x['alarm_description'], x['namespace'], x['metric_name'], x['statistic']],
          ...[x['comparison_operator'], x['threshold'], x['period'], x['evaluation_periods']],
          ...[x['treat_missing_data'], x['alarm_actions']],
          ...Object.entries(x['dimensions'] as object).flat(),
        ),
      )
      .sort(),
    topic: {
      events: JSON.parse(String(rule['event_pattern'])),
      targets: all('cloudwatch_event_target').map((x) => String(x['arn'])),
      policy: sayings(one('sns_topic_policy')['policy']),
      emails: all('sns_topic_subscription').map((x) => line(x['protocol'], x['endpoint'])),
      displayName: one('sns_topic')['display_name'],
    },
    outputs: Object.fromEntries(
      Object.entries(values.outputs).map(([name, { value }]) => [capitalised(name), value]),
    ),
  }
  return withSymbols(made, {
    trustAnchor: String(anchor['arn']),
    profile: String(profile['arn']),
    bucketLister: values.outputs['bucket_lister_role_arn']?.value ?? '',
    imagePuller: values.outputs['image_puller_role_arn']?.value ?? '',
    topic: String(one('sns_topic')['arn']),
    ruleArn: String(rule['arn']),
    rule: String(rule['name']),
  })
}

const SOURCES: Readonly<Record<string, string>> = {
  acm_pca_arn: 'AcmPcaArn',
  x509_certificate_data: 'X509CertificateData',
}

const first = (values: Values, block: string): Values => (values[block] as Values[])[0] ?? {}

/** `trust_anchor_arn` as CloudFormation names it. */
const capitalised = (name: string): string =>
  name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())
