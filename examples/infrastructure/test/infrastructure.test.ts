import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { Match } from 'aws-cdk-lib/assertions'
import { temporaryFolder } from '../../../test/support/temporary-folder.js'
import { readCert } from '../../../test/support/certs.js'
import { readSettings, SettingsError } from '../src/read-settings.js'
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
    for (const [name, text] of Object.entries({
      'ca.pem': readCert('root.pem').toString(),
      'leaf.pem': readCert('chain-1.pem').toString(),
      'three.pem': readCert('root.pem').toString().repeat(3),
      'key.pem': '-----BEGIN PRIVATE KEY-----',
      'text.pem': 'hello',
    })) {
      writeFileSync(join(folder.path, name), text)
    }
    const { authority: _, ...rest } = PROPS
    writeFileSync(path, JSON.stringify({ ...rest, certificateBundleFile: 'ca.pem', ...more }))
    return readSettings(path)
  }

  it('names files beside itself', () => {
    expect(read({})).to.deep.include({
      authority: { certificateBundle: readCert('root.pem').toString() },
    })
  })

  it('is understood as the example has it', () => {
    expect(() =>
      readSettings(new URL('../infrastructure.example.json', import.meta.url).pathname),
    ).to.throw(SettingsError, /cannot read .*ca\.pem/)
  })

  const { bucketLister, imagePuller } = PROPS
  for (const [what, more, message] of [
    ['a misspelt name', { session: { duration: 900 } }, /session\.duration is not known/],
    ['a name of every object', { session: { constructor: 1 } }, /constructor is not known/],
    ['two CAs', { privateCaArn: 'arn:aws:acm-pca:x' }, /give one of/],
    ['a private key', { certificateBundleFile: 'key.pem' }, /private key/],
    ['what is no certificate', { certificateBundleFile: 'text.pem' }, /holds 0 certificates/],
    ['three certificates', { certificateBundleFile: 'three.pem' }, /holds 3 certificates/],
    ['the certificate of a workload', { certificateBundleFile: 'leaf.pem' }, /not one of a CA/],
    ['a CRL that is none', { revocationListFiles: ['text.pem'] }, /no CRL in PEM/],
    ['no repository', { repository: undefined }, /repository is missing/],
    [
      'a number as a text',
      { session: { durationSeconds: '900' } },
      /is not a whole number from 900/,
    ],
    ['a session that is too long', { session: { durationSeconds: 43_201 } }, /to 43200/],
    ['a text as a truth value', { ecrUser: 'no' }, /ecrUser is not true or false/],
    [
      'an account with a typing error',
      { repository: { name: 'a', pullAccounts: ['1'] } },
      /12 digits/,
    ],
    [
      'a wildcard bucket',
      { bucketLister: { ...bucketLister, bucketName: '*' } },
      /without wildcards/,
    ],
    [
      'a wildcard repository',
      { imagePuller: { ...imagePuller, repositoryNames: ['team/*'] } },
      /imagePuller\.repositoryNames is not a list of which each/,
    ],
    [
      'a wildcard unit',
      { bucketLister: { subject: { organizationalUnit: 'pay*' } } },
      /bucketLister\.subject\.organizationalUnit is not a whole value/,
    ],
    [
      'a subject of nothing',
      { imagePuller: { subject: {} } },
      /imagePuller\.subject names nothing/,
    ],
    ['an alarm before its metric', { caExpiryDays: 20 }, /more than caExpiryDays \(20\)/],
    ['a policy that is none', { session: { policy: 'x' } }, /session\.policy is not a policy/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => read(more)).to.throw(SettingsError, message)
    })
  }

  it('ends the program with one line, and no trace of where it broke', () => {
    const path = join(folder.path, 'broken.json')
    writeFileSync(path, '{')
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/app.ts'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ settings: path }) },
      encoding: 'utf8',
    })
    expect(status, stderr).to.equal(1)
    expect(stderr.trim()).to.match(/^error: .*broken\.json is not JSON: .*$/)
  })
})
