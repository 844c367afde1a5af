import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Match } from 'aws-cdk-lib/assertions'
import { temporaryFolder } from '../../../test/support/temporary-folder.js'
import { readSettings } from '../src/read-settings.js'
import { allOf, PROPS, statements, synthesised } from './stack.js'

describe('WorkloadAccess', () => {
  it('has no wildcard but the two that AWS demands', () => {
    const wild = statements(synthesised().template).filter((statement) =>
      JSON.stringify(statement).includes('*'),
    )
    expect(wild.map(({ Action, Resource }) => [Action, Resource])).to.have.deep.members([
      ['s3:ListAllMyBuckets', '*'],
      ['ecr:GetAuthorizationToken', '*'],
    ])
  })

  it('lets no certificate in without anchor, account and subject', () => {
    const { template } = synthesised()
    for (const role of allOf(template, 'AWS::IAM::Role')) {
      const { Statement } = role['AssumeRolePolicyDocument'] as { Statement: object[] }
      expect(Statement).to.have.length(1)
      expect(Statement[0]).to.have.nested.property('Condition.ArnEquals.aws:SourceArn')
      expect(Statement[0]).to.have.nested.property('Condition.StringEquals.aws:SourceAccount')
      expect(Statement[0]).to.deep.include({
        Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      })
    }
  })

  it('asks for each part of the subject that is given', () => {
    const uri = 'spiffe://example.org/lister'
    const subject = { commonName: 'lister', organizationalUnit: 'payments', uri }
    const { template } = synthesised({ bucketLister: { subject } })
    const asked = statements(template).map(({ Condition }) => Condition?.['StringEquals'])
    expect(asked[0]).to.deep.equal({
      'aws:SourceAccount': { Ref: 'AWS::AccountId' },
      'aws:PrincipalTag/x509Subject/CN': 'lister',
      'aws:PrincipalTag/x509Subject/OU': 'payments',
      'aws:PrincipalTag/x509SAN/URI': uri,
    })
  })

  for (const [what, subject] of [
    ['nothing', {}],
    ['a wildcard', { organizationalUnit: 'pay*' }],
    ['an empty text', { commonName: '' }],
  ] as const) {
    it(`refuses a subject that says ${what}`, () => {
      expect(() => synthesised({ bucketLister: { subject } })).to.throw()
    })
  }

  it('takes a CA of AWS Private CA', () => {
    const privateCaArn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/x'
    synthesised({ authority: { privateCaArn } }).template.hasResourceProperties(
      'AWS::RolesAnywhere::TrustAnchor',
      { Source: { SourceType: 'AWS_ACM_PCA', SourceData: { AcmPcaArn: privateCaArn } } },
    )
  })

  it('narrows sessions by policies, inline and managed', () => {
    const managed = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: 's3:Put' }] }
    const session = { durationSeconds: 7200, managedPolicyArns: [managed], policy }
    const { template } = synthesised({ session })
    template.hasResourceProperties('AWS::RolesAnywhere::Profile', {
      DurationSeconds: 7200,
      AcceptRoleSessionName: false,
      ManagedPolicyArns: [managed],
      SessionPolicy: JSON.stringify(policy),
      Enabled: true,
    })
    template.allResourcesProperties('AWS::IAM::Role', { MaxSessionDuration: 7200 })
  })

  it('permits the images under the prefix of a cache rule where it is asked to', () => {
    const imagePuller = { ...PROPS.imagePuller, pullThroughPrefix: 'hub' }
    const found = statements(synthesised({ imagePuller }).template).find(
      ({ Sid }) => Sid === 'PullThroughCache',
    )
    expect(found?.Action).to.include.members([
      'ecr:CreateRepository',
      'ecr:BatchImportUpstreamImage',
    ])
    expect(JSON.stringify(found?.Resource)).to.match(/:repository\/hub\/\*"/)
  })

  it('shares the repository with the accounts that are named, to pull and no more', () => {
    const repository = { name: 'team/app', pullAccounts: ['210987654321'] }
    const found = statements(synthesised({ repository }).template).find(
      ({ Sid }) => Sid === 'PullFromOtherAccounts',
    )
    expect(found?.Action).to.deep.equal([
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:GetDownloadUrlForLayer',
    ])
    expect(JSON.stringify(found)).to.include(':iam::210987654321:root')
  })

  it('imports revocation lists for the trust anchor', () => {
    const { template } = synthesised({ revocationLists: ['one', 'two'] })
    template.resourceCountIs('AWS::RolesAnywhere::CRL', 2)
    template.allResourcesProperties('AWS::RolesAnywhere::CRL', { Enabled: true })
    expect(() => synthesised({ revocationLists: ['1', '2', '3'] })).to.throw(/at most two/)
  })

  it('makes no IAM user unless it is asked to, and warns then', () => {
    synthesised().template.resourceCountIs('AWS::IAM::User', 0)
    const { template, annotations } = synthesised({ ecrUser: true })
    expect(allOf(template, 'AWS::IAM::User')).to.deep.equal([{ UserName: 'ecruser' }])
    template.resourceCountIs('AWS::IAM::AccessKey', 0)
    annotations.hasWarning('*', Match.stringLikeRegexp('IAM user'))
  })
})

describe('the settings file', () => {
  const folder = temporaryFolder()

  function read(more: object): unknown {
    const path = join(folder.path, 'infrastructure.json')
    writeFileSync(join(folder.path, 'ca.pem'), 'CERTIFICATE')
    writeFileSync(join(folder.path, 'key.pem'), 'PRIVATE KEY')
    const { authority: _, ...rest } = PROPS
    writeFileSync(path, JSON.stringify({ ...rest, certificateBundleFile: 'ca.pem', ...more }))
    return readSettings(path)
  }

  it('names files beside itself', () => {
    expect(read({})).to.deep.include({ authority: { certificateBundle: 'CERTIFICATE' } })
  })

  it('is understood as the example has it', () => {
    expect(() =>
      readSettings(new URL('../infrastructure.example.json', import.meta.url).pathname),
    ).to.throw(/ca\.pem/)
  })

  for (const [what, more, message] of [
    ['a misspelt name', { session: { duration: 900 } }, /session\.duration is not known/],
    ['two CAs', { privateCaArn: 'arn' }, /needs one of/],
    ['a private key', { certificateBundleFile: 'key.pem' }, /private key/],
    ['no repository', { repository: undefined }, /lacks "repository"/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => read(more)).to.throw(message)
    })
  }
})
