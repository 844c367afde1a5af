import { CfnRepository } from 'aws-cdk-lib/aws-ecr'
import { Aws, RemovalPolicy, Stack, Tokenization } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { PULL_ACTIONS } from './permissions.js'

/** What an {@link ImageRepository} is made of. */
export interface ImageRepositoryProps {
  readonly repositoryName: string
  /** Images that are kept; older ones go. Default 30. */
  readonly keptImages?: number
  /** Accounts of 12 digits that may pull, besides this one; their roles need the permission too. */
  readonly pullAccounts?: readonly string[]
}

/** A repository whose tags never move and whose images are scanned when they arrive. */
export class ImageRepository extends Construct {
  readonly repositoryName: string
  readonly arn: string
  readonly uri: string

  constructor(scope: Construct, id: string, props: ImageRepositoryProps) {
    super(scope, id)
    const { keptImages = 30, pullAccounts = [] } = props
    const repository = new CfnRepository(this, 'Resource', {
      repositoryName: props.repositoryName,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'AES256' },
      lifecyclePolicy: { lifecyclePolicyText: Stack.of(this).toJsonString(lifecycle(keptImages)) },
      ...(pullAccounts.length > 0 && { repositoryPolicyText: shareWith(pullAccounts) }),
    })
    // Who takes the stack away still has images that run somewhere.
    repository.applyRemovalPolicy(RemovalPolicy.RETAIN)
    this.repositoryName = props.repositoryName
    this.arn = repository.attrArn
    this.uri = repository.attrRepositoryUri
  }
}

const lifecycle = (keptImages: number): object => ({
  rules: [
    {
      rulePriority: 1,
      description: 'untagged images go after two weeks',
      selection: {
        tagStatus: 'untagged',
        countType: 'sinceImagePushed',
        countUnit: 'days',
        countNumber: 14,
      },
      action: { type: 'expire' },
    },
    {
      rulePriority: 2,
      description: `the newest ${Tokenization.stringifyNumber(keptImages)} images stay`,
      selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: keptImages },
      action: { type: 'expire' },
    },
  ],
})

const shareWith = (accounts: readonly string[]): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'PullFromOtherAccounts',
      Effect: 'Allow',
      Principal: {
        AWS: accounts.map((account) => `arn:${Aws.PARTITION}:iam::${account}:root`),
      },
      Action: PULL_ACTIONS,
    },
  ],
})
