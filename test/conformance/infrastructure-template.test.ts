import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { type Emulator, readTemplate, type TemplateState } from '../../src/emulator/index.js'
import {
  ACCOUNT,
  awsRequest,
  REGION,
  sessionRequest,
  type SessionKeys,
} from '../support/emulator-client.js'
import { grantedSession, withEmulator } from '../support/emulator-fixture.js'
import { createCrl, createLeaf, createRoot, type TestIdentity } from '../support/emulator-pki.js'
import { sendRaw } from '../support/raw-http.js'
import { throwsWithCode } from '../support/rejects.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const TEMPLATE = fileURLToPath(
  new URL('../../examples/infrastructure/cloudformation/rolesanywhere.json', import.meta.url),
)
const URI = 'spiffe://example.org/ns/payments/sa/lister'

interface Template {
  readonly Resources: Record<
    string,
    { readonly Type: string; readonly Properties: Record<string, unknown> }
  >
}

interface Statement {
  readonly Sid: string
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Condition?: Record<string, Record<string, unknown>>
}

describe('the infrastructure template', () => {
  const template = JSON.parse(readFileSync(TEMPLATE, 'utf8')) as Template
  const resources = Object.entries(template.Resources).map(([id, rest]) => ({ id, ...rest }))
  const ofType = (type: string) => resources.filter((resource) => resource.Type === type)

  it('makes no IAM user, key or password', () => {
    const forbidden = resources.filter(({ Type }) => /User|AccessKey|LoginProfile/.test(Type))
    expect(forbidden).to.deep.equal([])
  })

  it('lets certificates in by the trust anchor, the account and the subject, in every role', () => {
    const roles = ofType('AWS::IAM::Role')
    expect(roles).to.have.length(2)
    for (const { Properties } of roles) {
      const [statement, ...more] = statementsOf(Properties['AssumeRolePolicyDocument'])
      expect(more).to.deep.equal([])
      expect(statement).to.deep.include({
        Effect: 'Allow',
        Principal: { Service: 'rolesanywhere.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      })
      const { ArnEquals, StringEquals } = statement!.Condition!
      expect(ArnEquals).to.have.all.keys('aws:SourceArn')
      expect(ArnEquals!['aws:SourceArn']).to.have.nested.property('Fn::GetAtt[1]', 'TrustAnchorArn')
      expect(StringEquals).to.deep.include({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } })
      expect(StringEquals).to.have.property('aws:PrincipalTag/x509Subject/OU')
    }
  })

  it('permits exactly what the table says', () => {
    const statements = ofType('AWS::IAM::Policy').flatMap(({ Properties }) =>
      statementsOf(Properties['PolicyDocument']),
    )
    const said = Object.fromEntries(statements.map(({ Sid, Action }) => [Sid, [Action].flat()]))
    expect(said).to.deep.equal({
      ListBuckets: ['s3:ListAllMyBuckets'],
      ListOneBucket: ['s3:ListBucket'],
      RegistryToken: ['ecr:GetAuthorizationToken'],
      PullImages: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
        'ecr:ListImages',
      ],
      PullOtherImages: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
        'ecr:ListImages',
      ],
      PullThroughCache: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
        'ecr:BatchImportUpstreamImage',
        'ecr:CreateRepository',
      ],
    })
  })

  it('has no wildcard but the two that AWS demands, and that of a cache where one is named', () => {
    const policies = resources.flatMap(({ Properties }) =>
      ['AssumeRolePolicyDocument', 'PolicyDocument', 'RepositoryPolicyText'].flatMap((name) =>
        Properties[name] === undefined ? [] : statementsOf(Properties[name]),
      ),
    )
    expect(policies).to.have.length(11)
    const all = policies.filter((statement) => JSON.stringify(statement).includes('*'))
    const cache = all.find(({ Sid }) => Sid === 'PullThroughCache')
    expect(JSON.stringify(cache?.Resource)).to.include('{"Ref":"PullThroughPrefix"},"/*"')
    const [policy] = Object.entries(template.Resources).filter(([id]) =>
      id.startsWith('WithPullThr'),
    )
    expect(policy?.[1]).to.include({ Condition: 'HasPullThroughPrefix' })
    const wild = all.filter((statement) => statement !== cache)
    expect(wild.map(({ Action, Resource }) => [Action, Resource])).to.have.deep.members([
      ['s3:ListAllMyBuckets', '*'],
      ['ecr:GetAuthorizationToken', '*'],
    ])
    for (const { Action } of wild) expect(Action).to.be.a('string')
  })

  it('scans images, keeps tags where they are, and lets old images go', () => {
    const [repository] = ofType('AWS::ECR::Repository')
    expect(repository?.Properties).to.deep.include({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    })
    expect(repository?.Properties).to.have.property('LifecyclePolicy')
    expect(repository).to.include({ DeletionPolicy: 'Retain' })
  })

  it('warns before certificates end', () => {
    const metrics = ofType('AWS::CloudWatch::Alarm').map(
      ({ Properties }) => Properties['MetricName'],
    )
    expect(metrics).to.deep.equal(['DaysToExpiry', 'MatchedEvents'])
  })
})

describe('the emulator with that template', () => {
  const folder = temporaryFolder()
  let root: TestIdentity
  let pod: TestIdentity
  let node: TestIdentity

  before(async () => {
    root = await createRoot({ subject: 'CN=Corporate CA' })
    pod = await createLeaf(root, {
      subject: 'CN=lister, OU=payments',
      alternativeNames: [{ type: 'url', value: URI }],
    })
    node = await createLeaf(root, { subject: 'CN=node-1, OU=nodes' })
  })

  /** The template with the parameters of a user, and buckets from a state file. */
  function read(
    more: Readonly<Record<string, string | undefined>> = {},
    options: { path?: string; warnings?: string[] } = {},
  ): TemplateState {
    const stateFile = join(folder.path, 'state.json')
    writeFileSync(
      stateFile,
      JSON.stringify({
        buckets: [
          { name: 'reports', region: REGION, objects: [{ key: 'june.txt', content: 'hello' }] },
          { name: 'secrets', region: REGION },
        ],
        repositories: [
          { name: 's3-bucket-lister', account: ACCOUNT, region: REGION, tags: ['v1'] },
          { name: 'other', account: ACCOUNT, region: REGION, tags: ['v1'] },
        ],
      }),
    )
    return readTemplate({
      path: options.path ?? TEMPLATE,
      parameters: new Map(
        Object.entries({
          CertificateBundle: root.pem,
          BucketListerUnit: 'payments',
          ImagePullerUnit: 'nodes',
          'AWS::Region': REGION,
          ...more,
        }).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      stateFile,
      warn: (message) => options.warnings?.push(message),
    })
  }

  /** A template that differs from the committed one. */
  function changed(change: (template: Template) => void): string {
    const template = JSON.parse(readFileSync(TEMPLATE, 'utf8')) as Template
    change(template)
    const path = join(folder.path, 'changed.json')
    writeFileSync(path, JSON.stringify(template))
    return path
  }

  const query = ({ outputs }: TemplateState, role: 'BucketLister' | 'ImagePuller') => ({
    profileArn: outputs.get('ProfileArn')!,
    roleArn: outputs.get(`${role}RoleArn`)!,
    trustAnchorArn: outputs.get('TrustAnchorArn')!,
  })

  async function keysOf(
    emulator: Emulator,
    made: TemplateState,
    identity: TestIdentity,
    role: 'BucketLister' | 'ImagePuller',
  ): Promise<SessionKeys> {
    const answer = await grantedSession(emulator, identity, { query: query(made, role) })
    return answer.credentialSet[0]!.credentials
  }

  const s3 = async (emulator: Emulator, keys: SessionKeys, path: string): Promise<number> => {
    const list = /^\/\w+$/.test(path) ? { query: { 'list-type': '2' } } : {}
    return (await sendRaw(emulator.port, awsRequest(keys, { service: 's3', path, ...list }))).status
  }

  async function refused(
    made: TemplateState,
    identity: TestIdentity,
    role: 'BucketLister' | 'ImagePuller' = 'BucketLister',
  ): Promise<void> {
    await withEmulator({ state: made.state }, async (emulator) => {
      const request = sessionRequest(identity, { query: query(made, role) })
      const { status, body } = await sendRaw(emulator.port, request)
      expect(status, body).to.equal(403)
      expect(body).to.include('Unable to assume role')
    })
  }

  it('lists buckets for a pod, and the keys of the bucket that was named', async () => {
    const made = read({ BucketName: 'reports' })
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, pod, 'BucketLister')
      expect(await s3(emulator, keys, '/')).to.equal(200)
      expect(await s3(emulator, keys, '/reports')).to.equal(200)
      expect(await s3(emulator, keys, '/secrets'), 'another bucket').to.equal(403)
      expect(await s3(emulator, keys, '/reports/june.txt'), 'an object').to.equal(403)
    })
  })

  it('permits no bucket where none was named', async () => {
    const made = read()
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, pod, 'BucketLister')
      expect(await s3(emulator, keys, '/reports')).to.equal(403)
    })
  })

  it('refuses a certificate with another OU', async () => {
    const stranger = await createLeaf(root, { subject: 'CN=lister, OU=marketing' })
    await refused(read(), stranger)
  })

  it('refuses a certificate without an OU', async () => {
    await refused(read(), await createLeaf(root, { subject: 'CN=lister' }))
  })

  it('keeps the roles apart', async () => {
    await refused(read(), pod, 'ImagePuller')
    await refused(read(), node, 'BucketLister')
  })

  it('asks for the SPIFFE ID where one was given', async () => {
    const made = read({ BucketListerUri: URI })
    await withEmulator({ state: made.state }, async (emulator) => {
      await keysOf(emulator, made, pod, 'BucketLister')
    })
    await refused(made, await createLeaf(root, { subject: 'CN=lister, OU=payments' }))
  })

  it('refuses what the imported list revokes', async () => {
    const made = read({ RevocationList: await createCrl(root, [pod.certificate.serialNumber]) })
    await withEmulator({ state: made.state }, async (emulator) => {
      const request = sessionRequest(pod, { query: query(made, 'BucketLister') })
      const { body } = await sendRaw(emulator.port, request)
      expect(body).to.include('Certificate revoked')
    })
  })

  it('trusts under the conditions that docs/infrastructure.md shows, and under no other', () => {
    const guide = readFileSync(new URL('../../docs/infrastructure.md', import.meta.url), 'utf8')
    const [, json = '{}'] = /^```json\n([\s\S]*?)^```/m.exec(guide) ?? []
    const shown = Object.values(JSON.parse(json) as Record<string, Record<string, string>>)
    const { state, outputs } = read()
    const policy = state.role(outputs.get('BucketListerRoleArn')!)?.trustPolicy
    const conditions = policy?.flatMap((statement) => statement.conditions) ?? []
    expect(conditions.map(({ key }) => key)).to.have.members(
      shown.flatMap((keys) => Object.keys(keys).map((key) => key.toLowerCase())),
    )
    expect(conditions.at(-1)?.values).to.deep.equal(Object.values(shown.at(-1) ?? {}).slice(-1))
  })

  it('pulls from the repository of the template and from no other', async () => {
    const made = read()
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, node, 'ImagePuller')
      expect(await tags(emulator, keys, 's3-bucket-lister')).to.equal(200)
      expect(await tags(emulator, keys, 'other')).to.equal(403)
      expect(await s3(emulator, keys, '/'), 'the role lists no bucket').to.equal(403)
    })
  })

  it('pulls from the repositories and through the cache that its parameters name', async () => {
    const PullRepositoryArns = `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/other`
    const made = read({ PullRepositoryArns, PullThroughPrefix: 'hub' })
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, node, 'ImagePuller')
      expect(await tags(emulator, keys, 'other')).to.equal(200)
      expect(await tags(emulator, keys, 'another')).to.equal(403)
    })
  })

  for (const [SessionSeconds, duration, permitted] of [
    ['900', 900, 3600],
    ['3600', 3600, 3600],
    ['43200', 43_200, 43_200],
  ] as const) {
    it(`makes sessions of ${duration} seconds, and roles that permit them`, () => {
      const { state, outputs } = read({ SessionSeconds })
      expect(state.profile(outputs.get('ProfileArn')!)).to.include({ durationSeconds: duration })
      for (const name of ['BucketListerRoleArn', 'ImagePullerRoleArn']) {
        expect(state.role(outputs.get(name)!)).to.include({ maxSessionDuration: permitted })
      }
    })
  }

  it('narrows every session by the policy that its parameter holds', async () => {
    const SessionPolicy = JSON.stringify({
      Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: '*' }],
    })
    const made = read({ SessionPolicy, BucketName: 'reports' })
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, pod, 'BucketLister')
      expect(await s3(emulator, keys, '/reports')).to.equal(200)
      expect(await s3(emulator, keys, '/')).to.equal(403)
    })
  })

  it('narrows every session by the policy of the profile', async () => {
    const path = changed(({ Resources }) => {
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type !== 'AWS::RolesAnywhere::Profile') continue
        Properties['SessionPolicy'] = {
          'Fn::Sub':
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",' +
            '"Action":"s3:ListBucket","Resource":"arn:${AWS::Partition}:s3:::reports"}]}',
        }
      }
    })
    const made = read({ BucketName: 'reports' }, { path })
    await withEmulator({ state: made.state }, async (emulator) => {
      const keys = await keysOf(emulator, made, pod, 'BucketLister')
      expect(await s3(emulator, keys, '/reports')).to.equal(200)
      expect(await s3(emulator, keys, '/'), 'outside the session policy').to.equal(403)
    })
  })

  it('names the resources that it does not emulate', () => {
    const warnings: string[] = []
    const path = changed(({ Resources }) => {
      Resources['Queue'] = { Type: 'AWS::SQS::Queue', Properties: {} }
    })
    read({}, { path, warnings })
    expect(warnings).to.deep.equal(['resource "Queue" (AWS::SQS::Queue) is not emulated'])
  })

  it('gives what is called the same the same name every time', () => {
    expect([...read().outputs]).to.deep.equal([...read().outputs])
    expect(read().outputs.get('RegistryHost')).to.equal(
      `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`,
    )
  })

  const first = (template: Template, type: string): Record<string, unknown> =>
    Object.values(template.Resources).find(({ Type }) => Type === type)!.Properties

  for (const { what, change, names } of [
    {
      what: 'a function that it does not carry out',
      names: 'Fn::ImportValue',
      change: (template: Template) => {
        first(template, 'AWS::IAM::Role')['Description'] = { 'Fn::ImportValue': 'x' }
      },
    },
    {
      what: 'a managed policy that would narrow and is not there',
      names: 'ReadOnlyAccess',
      change: (template: Template) => {
        first(template, 'AWS::RolesAnywhere::Profile')['ManagedPolicyArns'] = [
          'arn:aws:iam::aws:policy/ReadOnlyAccess',
        ]
      },
    },
    {
      what: 'a permissions boundary',
      names: 'permissions boundary',
      change: (template: Template) => {
        first(template, 'AWS::IAM::Role')['PermissionsBoundary'] = 'arn'
      },
    },
    {
      what: 'a name that is not there',
      names: 'Nowhere',
      change: (template: Template) => {
        first(template, 'AWS::IAM::Role')['Description'] = { Ref: 'Nowhere' }
      },
    },
    {
      what: 'a resource that refers to itself',
      names: 'refers to itself',
      change: (template: Template) => {
        template.Resources['Loop'] = {
          Type: 'AWS::SNS::Topic',
          Properties: { DisplayName: { Ref: 'Loop' } },
        }
      },
    },
    {
      what: 'a condition of a policy that it does not know',
      names: 'IpAddress',
      change: (template: Template) => {
        const [statement] = statementsOf(
          first(template, 'AWS::IAM::Role')['AssumeRolePolicyDocument'],
        )
        statement!.Condition!['IpAddress'] = { 'aws:SourceIp': '10.0.0.0/8' }
      },
    },
  ]) {
    it(`refuses ${what}, and names it`, () => {
      const error = throwsWithCode(
        () => read({}, { path: changed(change) }),
        'ERR_RA_EMULATOR_STATE_INVALID',
      )
      expect(error.message).to.include(names)
    })
  }

  const privateCa = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/x'
  for (const { what, parameters, names } of [
    { what: 'two CAs', parameters: { PrivateCaArn: privateCa }, names: 'OneAuthority' },
    { what: 'no CA', parameters: { CertificateBundle: '' }, names: 'OneAuthority' },
    {
      what: 'a CA of AWS Private CA',
      parameters: { CertificateBundle: '', PrivateCaArn: privateCa },
      names: 'AWS Private CA',
    },
    {
      what: 'roles for every certificate',
      parameters: { ImagePullerUnit: '' },
      names: 'ImagePuller',
    },
    { what: 'a wildcard unit', parameters: { BucketListerUnit: 'pay*' }, names: 'whole value' },
    { what: 'another length', parameters: { SessionSeconds: '901' }, names: '900, 1800, 3600' },
    { what: 'a yes', parameters: { AcceptRoleSessionName: 'yes' }, names: 'true, false' },
    {
      what: 'half an account',
      parameters: { PullAccounts: '210987654321,1' },
      names: 'PullAccounts',
    },
    { what: 'no images', parameters: { KeptImages: '0' }, names: 'less than 1' },
    { what: 'a number that is none', parameters: { CaExpiryDays: 'x' }, names: 'not a number' },
    {
      what: 'too long a bundle',
      parameters: { CertificateBundle: 'x'.repeat(4097) },
      names: '4096',
    },
    { what: 'a parameter that it does not have', parameters: { Bucket: 'x' }, names: '"Bucket"' },
  ]) {
    it(`refuses ${what}`, () => {
      const error = throwsWithCode(() => read(parameters), 'ERR_RA_EMULATOR_STATE_INVALID')
      expect(error.message).to.include(names)
    })
  }
})

async function tags(emulator: Emulator, keys: SessionKeys, name: string): Promise<number> {
  const answer = await sendRaw(
    emulator.port,
    awsRequest(keys, {
      service: 'ecr',
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      },
      body: '{}',
    }),
  )
  const [entry] = (
    JSON.parse(answer.body) as { authorizationData: { authorizationToken: string }[] }
  ).authorizationData
  const { status } = await sendRaw(emulator.port, {
    method: 'GET',
    target: `/v2/${name}/tags/list`,
    headers: [
      ['host', '127.0.0.1'],
      ['authorization', `Basic ${entry!.authorizationToken}`],
    ],
    body: '',
  })
  return status
}

/** The statements of a policy, the one inside `Fn::If` included. */
function statementsOf(policy: unknown): Statement[] {
  const branch = (policy as { 'Fn::If'?: [string, unknown, unknown] })['Fn::If']?.[1] ?? policy
  return (branch as { Statement: Statement[] }).Statement
}
