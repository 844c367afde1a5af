import { CfnOutput, Stack, Token } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { EcrUser } from './ecr-user.js'
import { ExpiryAlarms } from './expiry-alarms.js'
import { ImageRepository } from './image-repository.js'
import {
  listBucket,
  listBuckets,
  pullImages,
  pullThroughCache,
  registryToken,
} from './permissions.js'
import { Profile } from './profile.js'
import type { CertificateSubject } from './subject.js'
import { type CertificateAuthority, TrustAnchor } from './trust-anchor.js'
import { WorkloadRole } from './workload-role.js'

/** Everything that the guide builds, from one set of values. */
export interface WorkloadAccessProps {
  /** Begins the names of trust anchor and profile. */
  readonly name: string
  readonly authority: CertificateAuthority
  readonly revocationLists?: readonly string[]
  readonly caExpiryDays?: number
  readonly endEntityExpiryDays?: number
  readonly session?: {
    readonly durationSeconds?: number
    readonly acceptRoleSessionName?: boolean
    readonly managedPolicyArns?: readonly string[]
    readonly policy?: object
  }
  /** Pods that list buckets. */
  readonly bucketLister: {
    readonly subject: CertificateSubject
    readonly roleName?: string
    /** One bucket whose keys they may list too. */
    readonly bucketName?: string
  }
  /** Nodes, or whoever else pulls images. */
  readonly imagePuller: {
    readonly subject: CertificateSubject
    readonly roleName?: string
    /** Repositories besides the one made here. */
    readonly repositoryNames?: readonly string[]
    readonly pullThroughPrefix?: string
  }
  readonly repository: {
    readonly name: string
    readonly keptImages?: number
    readonly pullAccounts?: readonly string[]
  }
  readonly alarms?: { readonly caDays?: number; readonly email?: string }
  /** An IAM user that may pull, for those who must have one. */
  readonly ecrUser?: boolean
}

/** Trust anchor, profile, two roles, repository and alarms, and the outputs that name them. */
export class WorkloadAccess extends Construct {
  readonly trustAnchor: TrustAnchor
  readonly profile: Profile
  readonly bucketLister: WorkloadRole
  readonly imagePuller: WorkloadRole
  readonly repository: ImageRepository
  readonly alarms: ExpiryAlarms

  constructor(scope: Construct, id: string, props: WorkloadAccessProps) {
    super(scope, id)
    const { name, session, repository, imagePuller } = props
    this.trustAnchor = new TrustAnchor(this, 'TrustAnchor', props)
    this.repository = new ImageRepository(this, 'Repository', {
      ...repository,
      repositoryName: repository.name,
    })
    this.bucketLister = this.#bucketLister(props)
    this.imagePuller = this.#imagePuller(props)
    this.profile = new Profile(this, 'Profile', {
      ...session,
      name,
      roles: [this.bucketLister, this.imagePuller],
      ...(session?.policy && { sessionPolicy: session.policy }),
    })
    this.alarms = new ExpiryAlarms(this, 'Expiry', {
      ...props.alarms,
      trustAnchorArn: this.trustAnchor.arn,
    })
    if (props.ecrUser) {
      const repositoryNames = [repository.name, ...(imagePuller.repositoryNames ?? [])]
      new EcrUser(this, 'EcrUser', { repositoryNames })
    }
    this.#outputs()
  }

  #bucketLister({ bucketLister, session }: WorkloadAccessProps): WorkloadRole {
    const { bucketName, ...rest } = bucketLister
    return new WorkloadRole(this, 'BucketLister', {
      ...rest,
      trustAnchor: this.trustAnchor,
      description: 'Pods outside AWS that list buckets',
      ...maximum(session?.durationSeconds),
      permissions: [
        listBuckets(),
        ...(bucketName === undefined ? [] : [listBucket(this, bucketName)]),
      ],
    })
  }

  #imagePuller({ imagePuller, repository, session }: WorkloadAccessProps): WorkloadRole {
    const { repositoryNames = [], pullThroughPrefix, ...rest } = imagePuller
    return new WorkloadRole(this, 'ImagePuller', {
      ...rest,
      trustAnchor: this.trustAnchor,
      description: 'Nodes outside AWS that pull images',
      ...maximum(session?.durationSeconds),
      permissions: [
        registryToken(),
        pullImages(this, [repository.name, ...repositoryNames]),
        ...(pullThroughPrefix === undefined ? [] : [pullThroughCache(this, pullThroughPrefix)]),
      ],
    })
  }

  #outputs(): void {
    const { account, region, urlSuffix } = Stack.of(this)
    const values = {
      TrustAnchorArn: this.trustAnchor.arn,
      ProfileArn: this.profile.arn,
      BucketListerRoleArn: this.bucketLister.roleArn,
      ImagePullerRoleArn: this.imagePuller.roleArn,
      RepositoryUri: this.repository.uri,
      RegistryHost: `${account}.dkr.ecr.${region}.${urlSuffix}`,
      ExpiryTopicArn: this.alarms.topicArn,
      Region: region,
    }
    for (const [name, value] of Object.entries(values)) {
      new CfnOutput(this, `${name}Output`, { value }).overrideLogicalId(name)
    }
  }
}

/** A long session needs a role that permits it; what is not known yet cannot be taken over. */
const maximum = (seconds: number | undefined): { maxSessionSeconds?: number } =>
  seconds === undefined || Token.isUnresolved(seconds) ? {} : { maxSessionSeconds: seconds }
