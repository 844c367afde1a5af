import type { WorkloadAccessProps } from '../../src/index.js'

/** The same wishes in the words of each of the three. */
export interface Wishes {
  readonly what: string
  readonly cdk: WorkloadAccessProps
  /** Left out for what a template cannot do. */
  readonly cloudFormation?: Readonly<Record<string, string>>
  readonly terraform: Readonly<Record<string, unknown>>
}

const certificateBundle = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n'
const privateCaArn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/x'
const managed = ['ReadOnlyAccess', 'AmazonS3ReadOnlyAccess'].map(
  (name) => `arn:aws:iam::aws:policy/${name}`,
)
const policy = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['s3:ListAllMyBuckets', 'ecr:*'], Resource: '*' },
    { Effect: 'Deny', Action: '*', Resource: '*', Condition: { Null: { 'aws:userid': 'true' } } },
  ],
}
const uri = 'spiffe://example.org/ns/payments/sa/lister'
const nodeUri = 'spiffe://example.org/node/1'
const lists = ['-----BEGIN X509 CRL-----\none', '-----BEGIN X509 CRL-----\ntwo']
const accounts = ['210987654321', '111122223333']

/** From nothing but what is needed to everything that there is. */
export const WISHES: readonly Wishes[] = [
  {
    what: 'what is needed and no more',
    cdk: {
      name: 'workloads',
      authority: { certificateBundle },
      bucketLister: { subject: { organizationalUnit: 'payments' } },
      imagePuller: { subject: { commonName: 'node 1' } },
      repository: { name: 's3-bucket-lister' },
    },
    cloudFormation: {
      CertificateBundle: certificateBundle,
      BucketListerUnit: 'payments',
      ImagePullerCommonName: 'node 1',
    },
    terraform: {
      certificate_bundle: certificateBundle,
      bucket_lister_subject: { organizational_unit: 'payments' },
      image_puller_subject: { common_name: 'node 1' },
    },
  },
  {
    what: 'everything',
    cdk: {
      name: 'workloads',
      authority: { certificateBundle },
      revocationLists: lists,
      caExpiryDays: 60,
      endEntityExpiryDays: 7,
      session: {
        durationSeconds: 7200,
        acceptRoleSessionName: true,
        managedPolicyArns: managed,
        policy,
      },
      bucketLister: {
        subject: { organizationalUnit: 'payments', commonName: 'lister', uri },
        bucketName: 'example-reports',
      },
      imagePuller: {
        subject: { organizationalUnit: 'nodes' },
        repositoryNames: ['team/one', 'two'],
        pullThroughPrefix: 'docker-hub',
      },
      repository: { name: 'team/app', keptImages: 10, pullAccounts: accounts },
      alarms: { caDays: 20, email: 'platform@example.com' },
    },
    cloudFormation: {
      CertificateBundle: certificateBundle,
      RevocationList: lists[0] ?? '',
      SecondRevocationList: lists[1] ?? '',
      CaExpiryDays: '60',
      EndEntityExpiryDays: '7',
      SessionSeconds: '7200',
      AcceptRoleSessionName: 'true',
      ManagedSessionPolicyArns: managed.join(','),
      SessionPolicy: JSON.stringify(policy),
      BucketListerUnit: 'payments',
      BucketListerCommonName: 'lister',
      BucketListerUri: uri,
      BucketName: 'example-reports',
      ImagePullerUnit: 'nodes',
      PullRepositoryArns: ['team/one', 'two']
        .map((name) => `arn:aws:ecr:eu-central-1:123456789012:repository/${name}`)
        .join(','),
      PullThroughPrefix: 'docker-hub',
      RepositoryName: 'team/app',
      KeptImages: '10',
      PullAccounts: accounts.join(','),
      CaAlarmDays: '20',
      NotificationEmail: 'platform@example.com',
    },
    terraform: {
      certificate_bundle: certificateBundle,
      revocation_lists: lists,
      ca_expiry_days: 60,
      end_entity_expiry_days: 7,
      session_seconds: 7200,
      accept_role_session_name: true,
      managed_session_policy_arns: managed,
      session_policy: JSON.stringify(policy),
      bucket_lister_subject: { organizational_unit: 'payments', common_name: 'lister', uri },
      bucket_name: 'example-reports',
      image_puller_subject: { organizational_unit: 'nodes' },
      pull_repository_names: ['team/one', 'two'],
      pull_through_prefix: 'docker-hub',
      repository_name: 'team/app',
      kept_images: 10,
      pull_accounts: accounts,
      ca_alarm_days: 20,
      notification_email: 'platform@example.com',
    },
  },
  {
    what: 'a CA of AWS Private CA and short sessions',
    cdk: {
      name: 'workloads',
      authority: { privateCaArn },
      session: { durationSeconds: 900 },
      bucketLister: { subject: { uri } },
      imagePuller: { subject: { uri: nodeUri } },
      repository: { name: 's3-bucket-lister' },
    },
    cloudFormation: {
      PrivateCaArn: privateCaArn,
      SessionSeconds: '900',
      BucketListerUri: uri,
      ImagePullerUri: nodeUri,
    },
    terraform: {
      private_ca_arn: privateCaArn,
      session_seconds: 900,
      bucket_lister_subject: { uri },
      image_puller_subject: { uri: nodeUri },
    },
  },
  {
    what: 'roles with names of their own',
    cdk: {
      name: 'workloads',
      authority: { certificateBundle },
      bucketLister: { subject: { commonName: 'lister' }, roleName: 'bucket-lister' },
      imagePuller: { subject: { commonName: 'node' }, roleName: 'image-puller' },
      repository: { name: 's3-bucket-lister' },
    },
    terraform: {
      certificate_bundle: certificateBundle,
      bucket_lister_subject: { common_name: 'lister' },
      bucket_lister_role_name: 'bucket-lister',
      image_puller_subject: { common_name: 'node' },
      image_puller_role_name: 'image-puller',
    },
  },
]
