import { CfnRepository } from 'aws-cdk-lib/aws-ecr'
import { CfnPolicy, Policy } from 'aws-cdk-lib/aws-iam'
import { CfnCRL, CfnTrustAnchor } from 'aws-cdk-lib/aws-rolesanywhere'
import { CfnSubscription } from 'aws-cdk-lib/aws-sns'
import {
  Aws,
  CfnCondition,
  type CfnResource,
  CfnRule,
  DefaultStackSynthesizer,
  Fn,
  type ICfnConditionExpression,
  type IStackSynthesizer,
  Stack,
} from 'aws-cdk-lib/core'
import type { Construct, IConstruct } from 'constructs'
import { listBucket, PULL_ACTIONS } from './permissions.js'
import { type Parameters, parameters } from './template-parameters.js'
import { WorkloadAccess } from './workload-access.js'

/** The same resources with parameters in place of values, for those who do not use the CDK. */
export class ParameterizedStack extends Stack {
  readonly #values: Parameters

  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'AWS credentials for workloads that run where AWS does not',
      // A template for everybody: nothing in it may ask for an account that the CDK prepared.
      synthesizer: new DefaultStackSynthesizer({
        generateBootstrapVersionRule: false,
      }) as IStackSynthesizer,
    })
    const values = parameters(this)
    this.#values = values
    const access = new WorkloadAccess(this, 'Access', {
      name: Aws.STACK_NAME,
      authority: { certificateBundle: values.CertificateBundle },
      revocationLists: [values.RevocationList],
      session: { durationSeconds: values.sessionSeconds },
      bucketLister: {
        subject: {
          organizationalUnit: values.BucketListerUnit,
          uri: this.#orNothing('BucketListerUri'),
        },
      },
      imagePuller: {
        subject: {
          organizationalUnit: values.ImagePullerUnit,
          commonName: this.#orNothing('ImagePullerCommonName'),
        },
      },
      repository: { name: values.RepositoryName },
      alarms: { email: values.NotificationEmail },
    })
    const bucket = new Policy(this, 'OneBucket', {
      roles: [access.bucketLister],
      statements: [listBucket(this, values.BucketName)],
    })
    this.#only('BucketName', childOf(bucket, CfnPolicy))
    this.#only('RevocationList', childOf(access, CfnCRL))
    this.#only('NotificationEmail', childOf(access, CfnSubscription))
    this.#chooseAuthority(childOf(access.trustAnchor, CfnTrustAnchor))
    this.#share(childOf(access.repository, CfnRepository))
  }

  /** Whether a parameter was given. */
  #given(name: keyof Parameters): CfnCondition {
    const id = `Has${name}`
    const existing = this.node.tryFindChild(id)
    if (existing instanceof CfnCondition) return existing
    const value =
      name === 'PullAccounts' ? Fn.join('', this.#values[name]) : String(this.#values[name])
    return new CfnCondition(this, id, { expression: Fn.conditionNot(isEmpty(value)) })
  }

  #only(name: keyof Parameters, resource: CfnResource): void {
    resource.cfnOptions.condition = this.#given(name)
  }

  #orNothing(name: keyof Parameters): string {
    const value = String(this.#values[name])
    return Fn.conditionIf(this.#given(name).logicalId, value, Aws.NO_VALUE).toString()
  }

  /** One CA is needed, and two would leave open which one counts. */
  #chooseAuthority(anchor: CfnTrustAnchor): void {
    const [bundle, ca] = [this.#values.CertificateBundle, this.#values.PrivateCaArn]
    new CfnRule(this, 'OneAuthority', {
      assertions: [
        {
          assert: Fn.conditionOr(
            Fn.conditionAnd(isEmpty(bundle), Fn.conditionNot(isEmpty(ca))),
            Fn.conditionAnd(isEmpty(ca), Fn.conditionNot(isEmpty(bundle))),
          ),
          assertDescription: 'give one of CertificateBundle and PrivateCaArn',
        },
      ],
    })
    anchor.source = Fn.conditionIf(
      this.#given('PrivateCaArn').logicalId,
      { SourceType: 'AWS_ACM_PCA', SourceData: { AcmPcaArn: ca } },
      { SourceType: 'CERTIFICATE_BUNDLE', SourceData: { X509CertificateData: bundle } },
    )
  }

  #share(repository: CfnRepository): void {
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'PullFromOtherAccounts',
          Effect: 'Allow',
          Principal: { AWS: this.#values.PullAccounts },
          Action: PULL_ACTIONS,
        },
      ],
    }
    const condition = this.#given('PullAccounts').logicalId
    repository.repositoryPolicyText = Fn.conditionIf(condition, policy, Aws.NO_VALUE)
  }
}

const isEmpty = (value: string): ICfnConditionExpression => Fn.conditionEquals(value, '')

function childOf<T extends IConstruct>(
  scope: IConstruct,
  type: abstract new (...args: never[]) => T,
): T {
  const found = scope.node.findAll().find((node): node is T => node instanceof type)
  if (!found) throw new Error(`${scope.node.path} has no ${type.name}`)
  return found
}
