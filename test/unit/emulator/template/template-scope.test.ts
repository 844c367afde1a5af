import { expect } from 'chai'
import { evaluate } from '../../../../src/emulator/template/intrinsics.js'
import { stateOfTemplate } from '../../../../src/emulator/template/state-of-template.js'
import {
  type TemplateDocument,
  TemplateScope,
} from '../../../../src/emulator/template/template-scope.js'
import { throwsWithCode } from '../../../support/rejects.js'

const DOCUMENT: TemplateDocument = {
  Parameters: {
    Name: { Type: 'String' },
    Size: { Type: 'Number', Default: 3 },
    Accounts: { Type: 'CommaDelimitedList', Default: '1, 2' },
    Nobody: { Type: 'CommaDelimitedList', Default: '' },
  },
  Mappings: { Lengths: { '3': { Role: 3600 } } },
  Conditions: {
    Named: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Name' }, ''] }] },
    Unnamed: { 'Fn::Not': [{ Condition: 'Named' }] },
    Either: { 'Fn::Or': [{ Condition: 'Named' }, { Condition: 'Unnamed' }] },
    Both: { 'Fn::And': [{ Condition: 'Named' }, { Condition: 'Unnamed' }] },
    Circle: { 'Fn::Not': [{ Condition: 'Circle' }] },
  },
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'lister', Path: '/team/' } },
    Absent: { Type: 'AWS::IAM::Role', Condition: 'Unnamed' },
  },
}
const scope = (name = 'x'): TemplateScope =>
  new TemplateScope(DOCUMENT, 'template', new Map([['Name', name]]))

describe('evaluate', () => {
  for (const { value, expected } of [
    { value: { Ref: 'Name' }, expected: 'x' },
    { value: { Ref: 'Size' }, expected: 3 },
    { value: { Ref: 'Accounts' }, expected: ['1', '2'] },
    { value: { Ref: 'Nobody' }, expected: [] },
    { value: { Ref: 'AWS::Partition' }, expected: 'aws' },
    {
      value: { 'Fn::GetAtt': ['Role', 'Arn'] },
      expected: 'arn:aws:iam::123456789012:role/team/lister',
    },
    { value: { 'Fn::GetAtt': 'Role.Arn' }, expected: 'arn:aws:iam::123456789012:role/team/lister' },
    {
      value: { 'Fn::Sub': '${Name}-${AWS::Region}-${Role.Arn}' },
      expected: 'x-us-east-1-arn:aws:iam::123456789012:role/team/lister',
    },
    {
      value: { 'Fn::Sub': '${!aws:PrincipalTag/x509Subject/CN}' },
      expected: '${aws:PrincipalTag/x509Subject/CN}',
    },
    { value: { 'Fn::Sub': ['${a}${Name}', { a: { Ref: 'Size' } }] }, expected: '3x' },
    { value: { 'Fn::Join': ['-', [{ Ref: 'Name' }, 'y']] }, expected: 'x-y' },
    { value: { 'Fn::Join': ['-', { Ref: 'Accounts' }] }, expected: '1-2' },
    { value: { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'a/b'] }] }, expected: 'b' },
    { value: { 'Fn::FindInMap': ['Lengths', { Ref: 'Size' }, 'Role'] }, expected: 3600 },
    { value: { 'Fn::If': ['Named', 'yes', 'no'] }, expected: 'yes' },
    { value: { 'Fn::If': ['Both', 'yes', 'no'] }, expected: 'no' },
    { value: { 'Fn::If': ['Either', 'yes', 'no'] }, expected: 'yes' },
    { value: { 'Fn::Contains': [['a', 'b'], 'b'] }, expected: true },
    {
      value: { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] },
      expected: { b: [1] },
    },
    {
      value: { Condition: { Bool: { a: 'true' } } },
      expected: { Condition: { Bool: { a: 'true' } } },
    },
  ]) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(value)}`, () => {
      expect(evaluate(value, scope(), 'here')).to.deep.equal(expected)
    })
  }

  for (const value of [
    { Ref: 'Absent' },
    { Ref: 'constructor' },
    { 'Fn::GetAtt': ['Role', 'constructor'] },
    { 'Fn::GetAtt': ['Role', 'RoleId'] },
    { 'Fn::Select': ['2', ['a', 'b']] },
    { 'Fn::Join': 'a' },
    { 'Fn::If': ['Unknown', 1, 2] },
    { 'Fn::If': ['Circle', 1, 2] },
    { 'Fn::FindInMap': ['Lengths', '4', 'Role'] },
    { 'Fn::FindInMap': ['Lengths', 'constructor', 'name'] },
    { 'Fn::FindInMap': ['Lengths', '3'] },
    { 'Fn::FindInMap': ['Lengths', '3', 'Role', { DefaultValue: 1 }] },
    { 'Fn::Transform': {} },
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      throwsWithCode(() => evaluate(value, scope(), 'here'), 'ERR_RA_EMULATOR_STATE_INVALID')
    })
  }

  it('refuses a parameter without a value', () => {
    const empty = new TemplateScope(DOCUMENT, 'template', new Map())
    throwsWithCode(() => empty.ref('Name', 'here'), 'ERR_RA_EMULATOR_STATE_INVALID')
  })
})

describe('stateOfTemplate', () => {
  const ALLOW = { Statement: [{ Effect: 'Allow', Action: 's3:ListBucket', Resource: 'x' }] }
  const policy = { PolicyDocument: ALLOW }

  it('finds the policies of a role wherever a template may have them', () => {
    const AssumeRolePolicyDocument = { Statement: [] }
    const document: TemplateDocument = {
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument,
            Policies: [policy],
            ManagedPolicyArns: [{ Ref: 'Managed' }, 'arn:aws:iam::aws:policy/ReadOnlyAccess'],
          },
        },
        Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: policy },
        Attached: {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: { ...policy, Roles: [{ Ref: 'Role' }] },
        },
        Inline: {
          Type: 'AWS::IAM::Policy',
          Properties: { ...policy, PolicyName: 'inline', Roles: [{ Ref: 'Role' }] },
        },
        Other: { Type: 'AWS::IAM::Policy', Properties: { ...policy, Roles: ['other'] } },
      },
    }
    const warnings: string[] = []
    const { roles } = stateOfTemplate(new TemplateScope(document, 't', new Map()), (message) =>
      warnings.push(message),
    )
    expect(roles?.[0]?.policies).to.deep.equal([ALLOW, ALLOW, ALLOW, ALLOW])
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.include('ReadOnlyAccess')
  })

  it('takes a profile that does not say Enabled as disabled, and joins what narrows it', () => {
    const document: TemplateDocument = {
      Resources: {
        Profile: {
          Type: 'AWS::RolesAnywhere::Profile',
          Properties: {
            RoleArns: [],
            AcceptRoleSessionName: 'true',
            SessionPolicy: JSON.stringify(ALLOW),
            ManagedPolicyArns: [{ Ref: 'Managed' }],
            AttributeMappings: [
              { CertificateField: 'x509Subject', MappingRules: [{ Specifier: 'CN' }] },
            ],
          },
        },
        Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: policy },
      },
    }
    const { profiles } = stateOfTemplate(new TemplateScope(document, 't', new Map()), () => {})
    expect(profiles?.[0]).to.deep.include({
      enabled: false,
      acceptRoleSessionName: true,
      attributeMappings: [{ certificateField: 'x509Subject', mappingRules: [{ specifier: 'CN' }] }],
    })
    expect(profiles?.[0]?.sessionPolicy?.Statement).to.have.length(2)
  })
})
