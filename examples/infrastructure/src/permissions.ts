import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Stack } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { repositoryArn } from './subject.js'

/** What a pull needs of a repository. */
export const PULL_ACTIONS = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
]

/** The names of all buckets of the account. AWS takes no resource but `*` for this action. */
export const listBuckets = (): PolicyStatement =>
  new PolicyStatement({
    sid: 'ListBuckets',
    actions: ['s3:ListAllMyBuckets'],
    resources: ['*'],
  })

/** The keys of one bucket; not what they hold. */
export const listBucket = (scope: Construct, bucketName: string): PolicyStatement =>
  new PolicyStatement({
    sid: 'ListOneBucket',
    actions: ['s3:ListBucket'],
    resources: [Stack.of(scope).formatArn({ ...BUCKET, resource: bucketName })],
  })

const BUCKET = { service: 's3', region: '', account: '' }

/** A password for the registry, which opens nothing by itself. AWS takes no resource but `*`. */
export const registryToken = (): PolicyStatement =>
  new PolicyStatement({
    sid: 'RegistryToken',
    actions: ['ecr:GetAuthorizationToken'],
    resources: ['*'],
  })

/** Pulls from the named repositories, and the list of their tags. */
export const pullImages = (scope: Construct, repositoryNames: readonly string[]): PolicyStatement =>
  pullFrom(
    'PullImages',
    repositoryNames.map((name) => repositoryArn(scope, name)),
  )

/** The same for repositories that are given by their ARNs. */
export const pullFrom = (sid: string, repositoryArns: readonly string[]): PolicyStatement =>
  new PolicyStatement({
    sid,
    actions: [...PULL_ACTIONS, 'ecr:ListImages'],
    resources: [...repositoryArns],
  })

/**
 * The first pull of an image through a cache rule, which makes its repository. Everything under the
 * prefix is the rule's own, hence the `*` behind the slash.
 */
export const pullThroughCache = (scope: Construct, prefix: string): PolicyStatement =>
  new PolicyStatement({
    sid: 'PullThroughCache',
    actions: [...PULL_ACTIONS, 'ecr:BatchImportUpstreamImage', 'ecr:CreateRepository'],
    resources: [repositoryArn(scope, `${prefix}/*`)],
  })
