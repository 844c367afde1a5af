import { TemplateScope } from '../../../../src/emulator/template/template-scope.js'
import { REGION } from '../provider/aws-values.js'
import { type Infrastructure, line, type Role, sayings, withSymbols } from './infrastructure.js'

type Properties = Readonly<Record<string, unknown>>

/** What a template makes with these values of its parameters. */
export function fromCloudFormation(
  template: object,
  parameters: Readonly<Record<string, string>> = {},
): Infrastructure {
  const given = { 'AWS::Region': REGION, 'AWS::StackName': 'workloads', ...parameters }
  const scope = new TemplateScope(template, 'template', new Map(Object.entries(given)))
  scope.checkParameters()
  const ofType = (type: string) => scope.resources.filter((x) => x.type === `AWS::${type}`)
  const all = (type: string): Properties[] => ofType(type).map(({ properties }) => properties)
  const one = (type: string): Properties => all(type)[0] ?? {}
  const nameOf = (type: string): string => String(scope.ref(ofType(type)[0]?.id ?? type, type))
  const [anchor, profile] = [one('RolesAnywhere::TrustAnchor'), one('RolesAnywhere::Profile')]
  const [repository, rule] = [one('ECR::Repository'), one('Events::Rule')]
  const roles = ofType('IAM::Role').map(({ id, properties }): [string, Role] => {
    const name = String(scope.ref(id, id))
    const policies = all('IAM::Policy').filter(({ Roles }) => (Roles as string[]).includes(name))
    return [
      purposeOf(properties['Description']),
      {
        name: properties['RoleName'] as string | undefined,
        maxSessionSeconds: Number(properties['MaxSessionDuration']),
        trust: sayings(properties['AssumeRolePolicyDocument']),
        permissions: policies.flatMap((x) => sayings(x['PolicyDocument'])).sort(),
      },
    ]
  })
  const made: Infrastructure = {
    trustAnchor: {
      enabled: isTrue(anchor['Enabled']),
      source: Object.entries((anchor['Source'] as { SourceData: object }).SourceData).join(),
      notifications: (anchor['NotificationSettings'] as Properties[])
        .map((x) => line(x['Event'], x['Threshold'], x['Channel'], x['Enabled']))
        .sort(),
    },
    revocationLists: all('RolesAnywhere::CRL').map((x) =>
      line(x['Name'], x['CrlData'], isTrue(x['Enabled']), x['TrustAnchorArn']),
    ),
    profile: {
      enabled: isTrue(profile['Enabled']),
      durationSeconds: Number(profile['DurationSeconds']),
      acceptRoleSessionName: isTrue(profile['AcceptRoleSessionName']),
      roles: [...(profile['RoleArns'] as string[])].sort(),
      sessionPolicy: sayings(profile['SessionPolicy']),
      managedPolicyArns: [...((profile['ManagedPolicyArns'] ?? []) as string[])].sort(),
    },
    roles: Object.fromEntries(roles),
    repository: {
      name: String(repository['RepositoryName']),
      settings: [
        repository['ImageTagMutability'],
        (repository['ImageScanningConfiguration'] as Properties)['ScanOnPush'],
        (repository['EncryptionConfiguration'] as Properties)['EncryptionType'],
      ],
      lifecycle: JSON.parse(
        String((repository['LifecyclePolicy'] as Properties)['LifecyclePolicyText']),
      ),
      policy: sayings(repository['RepositoryPolicyText']),
    },
    alarms: all('CloudWatch::Alarm')
      .map((x) => {
        const [dimension] = x['Dimensions'] as Properties[]
        return line(
          ...[x['AlarmDescription'], x['Namespace'], x['MetricName'], x['Statistic']],
          ...[x['ComparisonOperator'], x['Threshold'], x['Period'], x['EvaluationPeriods']],
          ...[x['TreatMissingData'], x['AlarmActions'], dimension?.['Name'], dimension?.['Value']],
        )
      })
      .sort(),
    topic: {
      events: rule['EventPattern'],
      targets: (rule['Targets'] as Properties[]).map((x) => String(x['Arn'])),
      policy: sayings(one('SNS::TopicPolicy')['PolicyDocument']),
      emails: all('SNS::Subscription').map((x) => line(x['Protocol'], x['Endpoint'])),
      displayName: one('SNS::Topic')['DisplayName'],
    },
    outputs: Object.fromEntries(scope.outputs),
  }
  return withSymbols(made, {
    trustAnchor: scope.outputs.get('TrustAnchorArn') ?? '',
    profile: scope.outputs.get('ProfileArn') ?? '',
    bucketLister: scope.outputs.get('BucketListerRoleArn') ?? '',
    imagePuller: scope.outputs.get('ImagePullerRoleArn') ?? '',
    topic: nameOf('SNS::Topic'),
    ruleArn: scope.attribute(ofType('Events::Rule')[0]?.id ?? '', 'Arn', 'rule'),
    rule: nameOf('Events::Rule'),
  })
}

const isTrue = (value: unknown): boolean => String(value) === 'true'

/** What a role is for; its name is made up. */
export const purposeOf = (description: unknown): string =>
  String(description).startsWith('Pods') ? 'bucketLister' : 'imagePuller'
