import { CfnRepository } from 'aws-cdk-lib/aws-ecr'
import { CfnPolicy, CfnRole, Policy, type PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { CfnCRL, CfnProfile, CfnTrustAnchor } from 'aws-cdk-lib/aws-rolesanywhere'
import { CfnSubscription } from 'aws-cdk-lib/aws-sns'
import {
  Aws,
  CfnCondition,
  CfnMapping,
  type CfnResource,
  CfnRule,
  DefaultStackSynthesizer,
  Fn,
  type IResolvable,
  type IStackSynthesizer,
  Stack,
  Token,
  Validations,
} from 'aws-cdk-lib/core'
import type { Construct, IConstruct } from 'constructs'
import { listBucket, PULL_ACTIONS, pullFrom, pullThroughCache } from './permissions.js'
import type { CertificateSubject } from './subject.js'
import { isEmpty, type Parameters, parameters, SESSION_LENGTHS } from './template-parameters.js'
import { WorkloadAccess } from './workload-access.js'
import type { WorkloadRole } from './workload-role.js'

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
      revocationLists: [values.RevocationList, values.SecondRevocationList],
      caExpiryDays: values.CaExpiryDays,
      endEntityExpiryDays: values.EndEntityExpiryDays,
      session: { durationSeconds: values.SessionSeconds },
      bucketLister: { subject: this.#subject('BucketLister') },
      imagePuller: { subject: this.#subject('ImagePuller') },
      repository: { name: values.RepositoryName, keptImages: values.KeptImages },
      alarms: { caDays: values.CaAlarmDays, email: values.NotificationEmail },
    })
    const { bucketLister, imagePuller } = access
    this.#permit('BucketName', bucketLister, listBucket(this, values.BucketName))
    this.#permit(
      'PullRepositoryArns',
      imagePuller,
      pullFrom('PullOtherImages', values.PullRepositoryArns),
    )
    this.#permit('PullThroughPrefix', imagePuller, pullThroughCache(this, values.PullThroughPrefix))
    const [first, second] = childrenOf(access, CfnCRL)
    this.#only('RevocationList', first)
    this.#only('SecondRevocationList', second)
    this.#only('NotificationEmail', childrenOf(access, CfnSubscription)[0])
    this.#chooseAuthority(childrenOf(access.trustAnchor, CfnTrustAnchor))
    this.#lengthen([bucketLister, imagePuller])
    this.#narrow(childrenOf(access.profile, CfnProfile))
    this.#share(childrenOf(access.repository, CfnRepository))
  }

  /** Whether a parameter was given. */
  #given(name: keyof Parameters): CfnCondition {
    const id = `Has${name}`
    const existing = this.node.tryFindChild(id)
    if (existing instanceof CfnCondition) return existing
    const value = this.#values[name]
    const empty = isEmpty(typeof value === 'number' ? String(value) : value)
    return new CfnCondition(this, id, { expression: Fn.conditionNot(empty) })
  }

  #only(name: keyof Parameters, resource: CfnResource | undefined): void {
    if (!resource) throw new Error(`nothing depends on ${name}`)
    resource.cfnOptions.condition = this.#given(name)
  }

  /** A value, or nothing where the parameter is empty. */
  #orNothing(name: keyof Parameters, value: unknown = this.#values[name]): IResolvable {
    return Fn.conditionIf(this.#given(name).logicalId, value, Aws.NO_VALUE)
  }

  /** Parts of a subject that are empty are not asked for; one must be there. */
  #subject(role: 'BucketLister' | 'ImagePuller'): CertificateSubject {
    const names = [`${role}Unit`, `${role}CommonName`, `${role}Uri`] as const
    new CfnRule(this, `${role}Subject`, {
      assertions: [
        {
          assert: Fn.conditionNot(
            Fn.conditionAnd(...names.map((name) => isEmpty(this.#values[name]))),
          ),
          assertDescription: `give one of ${names.join(', ')} at least`,
        },
      ],
    })
    const [organizationalUnit, commonName, uri] = names.map((name) =>
      this.#orNothing(name).toString(),
    ) as [string, string, string]
    return { organizationalUnit, commonName, uri }
  }

  /** A permission that depends on a parameter, as a policy of its own. */
  #permit(name: keyof Parameters, role: WorkloadRole, statement: PolicyStatement): void {
    const policy = new Policy(this, `With${name}`, { roles: [role], statements: [statement] })
    this.#only(name, childrenOf(policy, CfnPolicy)[0])
  }

  /** One CA is needed, and two would leave open which one counts. */
  #chooseAuthority([anchor]: readonly CfnTrustAnchor[]): void {
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
    anchor!.source = Fn.conditionIf(
      this.#given('PrivateCaArn').logicalId,
      { SourceType: 'AWS_ACM_PCA', SourceData: { AcmPcaArn: ca } },
      { SourceType: 'CERTIFICATE_BUNDLE', SourceData: { X509CertificateData: bundle } },
    )
    Validations.of(anchor!).acknowledge({
      id: 'CloudFormation-Validate::F3018',
      reason: 'the two sources exclude each other, which the check does not see through Fn::If',
    })
  }

  /** A long session needs roles that permit it; none permits less than an hour. */
  #lengthen(roles: readonly WorkloadRole[]): void {
    const lengths = SESSION_LENGTHS.map((seconds) => [
      String(seconds),
      { Role: Math.max(3600, seconds) },
    ])
    const mapping = new CfnMapping(this, 'SessionLengths', {
      mapping: Object.fromEntries(lengths) as Record<string, Record<string, number>>,
    })
    const longest = mapping.findInMap(Fn.ref('SessionSeconds'), 'Role')
    for (const role of roles) {
      const [resource] = childrenOf(role, CfnRole)
      resource!.maxSessionDuration = Token.asNumber(longest)
    }
  }

  #narrow([profile]: readonly CfnProfile[]): void {
    profile!.acceptRoleSessionName = Token.asAny({ Ref: 'AcceptRoleSessionName' })
    profile!.sessionPolicy = this.#orNothing('SessionPolicy').toString()
    profile!.managedPolicyArns = Token.asList(this.#orNothing('ManagedSessionPolicyArns'))
  }

  #share([repository]: readonly CfnRepository[]): void {
    repository!.repositoryPolicyText = this.#orNothing('PullAccounts', {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'PullFromOtherAccounts',
          Effect: 'Allow',
          Principal: { AWS: this.#values.PullAccounts },
          Action: PULL_ACTIONS,
        },
      ],
    })
  }
}

/** What the CDK made of a construct, in order. */
const childrenOf = <T extends IConstruct>(
  scope: IConstruct,
  type: abstract new (...args: never[]) => T,
): T[] => scope.node.findAll().filter((node): node is T => node instanceof type)
