import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch'
import { CfnRule } from 'aws-cdk-lib/aws-events'
import { CfnSubscription, CfnTopic, CfnTopicPolicy } from 'aws-cdk-lib/aws-sns'
import { Aws } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'

/** What {@link ExpiryAlarms} watch. */
export interface ExpiryAlarmsProps {
  readonly trustAnchorArn: string
  /** Days before the end of a CA certificate at which the alarm goes off; default 30. */
  readonly caDays?: number
  /** Who gets a mail; AWS asks them first. */
  readonly email?: string
}

const DAY_SECONDS = 86_400

/**
 * Alarms before certificates end. The service publishes a metric for CA certificates alone, so the
 * ones of workloads are counted by the events that it sends for them once a day.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
 */
export class ExpiryAlarms extends Construct {
  readonly topicArn: string

  constructor(scope: Construct, id: string, props: ExpiryAlarmsProps) {
    super(scope, id)
    const topic = new CfnTopic(this, 'Topic', { displayName: 'Certificates that end soon' })
    this.topicArn = topic.ref
    if (props.email !== undefined) {
      const subscription = { topicArn: topic.ref, protocol: 'email', endpoint: props.email }
      new CfnSubscription(this, 'Email', subscription)
    }
    const rule = new CfnRule(this, 'Rule', {
      description: 'Roles Anywhere says that a certificate ends soon',
      eventPattern: {
        source: ['aws.rolesanywhere'],
        'detail-type': ['Roles Anywhere Certificate Expiration State Change'],
      },
      targets: [{ id: 'topic', arn: topic.ref }],
    })
    new CfnTopicPolicy(this, 'TopicPolicy', {
      topics: [topic.ref],
      policyDocument: publishPolicy(topic.ref, rule.attrArn),
    })
    new CfnAlarm(this, 'CaCertificate', {
      alarmDescription:
        'The certificate of the trust anchor ends soon: every session depends on it',
      namespace: 'AWS/RolesAnywhere',
      metricName: 'DaysToExpiry',
      dimensions: [{ name: 'TrustAnchorArn', value: props.trustAnchorArn }],
      statistic: 'Minimum',
      comparisonOperator: 'LessThanOrEqualToThreshold',
      threshold: props.caDays ?? 30,
      ...ONCE_A_DAY,
      alarmActions: [topic.ref],
    })
    new CfnAlarm(this, 'AnyCertificate', {
      alarmDescription: 'A certificate that workloads use, or one of a CA, ends soon',
      namespace: 'AWS/Events',
      metricName: 'MatchedEvents',
      dimensions: [{ name: 'RuleName', value: rule.ref }],
      statistic: 'Sum',
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      ...ONCE_A_DAY,
      alarmActions: [topic.ref],
    })
  }
}

/** Silence is good news: nothing is published while no certificate is near its end. */
const ONCE_A_DAY = {
  period: DAY_SECONDS,
  evaluationPeriods: 1,
  treatMissingData: 'notBreaching',
}

const publishPolicy = (topicArn: string, ruleArn: string): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'EventsOfThisRule',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: topicArn,
      Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
    },
    {
      Sid: 'AlarmsOfThisAccount',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: topicArn,
      Condition: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    },
  ],
})
