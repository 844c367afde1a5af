import { expect } from 'chai'
import fc from 'fast-check'
import { parsePolicy } from '../../../src/emulator/policy/parse-policy.js'
import { matchesPattern } from '../../../src/emulator/policy/pattern.js'
import { decide } from '../../../src/emulator/policy/policy.js'
import { JsonNode } from '../../../src/emulator/state/json-node.js'
import { throwsWithCode } from '../../support/rejects.js'

const CONTEXT = new Map([
  ['aws:principaltag/team', ['pay*ments']],
  ['aws:tagkeys', ['a', 'b']],
  ['aws:tokenissuetime', ['2026-06-01T12:00:00.000Z']],
  ['aws:epochtime', ['1780315200']],
  ['aws:sourcearn', ['arn:aws:rolesanywhere:eu-west-1:1:trust-anchor/x']],
])

describe('matchesPattern', () => {
  for (const { pattern, text, expected } of [
    { pattern: 's3:Get*', text: 's3:GetObject', expected: true },
    { pattern: 's3:Get*', text: 's3:PutObject', expected: false },
    { pattern: '*', text: '', expected: true },
    { pattern: '', text: 'a', expected: false },
    { pattern: 'a?c', text: 'abc', expected: true },
    { pattern: 'a?c', text: 'ac', expected: false },
    { pattern: '*a*b*', text: 'xxaxxbxx', expected: true },
    { pattern: 'a.c', text: 'abc', expected: false },
    { pattern: '${aws:PrincipalTag/team}/*', text: 'pay*ments/x', expected: true },
    { pattern: '${aws:PrincipalTag/team}', text: 'payXments', expected: false },
    { pattern: '${aws:PrincipalTag/none}', text: '', expected: false },
    { pattern: 'a${*}', text: 'a*', expected: true },
    { pattern: 'a${*}', text: 'ab', expected: false },
  ]) {
    it(`says ${expected} for ${JSON.stringify(text)} and ${JSON.stringify(pattern)}`, () => {
      expect(matchesPattern(pattern, text, CONTEXT)).to.equal(expected)
    })
  }

  it('takes no time out of proportion for patterns made to take it', () => {
    const pattern = '*a'.repeat(500)
    expect(matchesPattern(pattern, `${'a'.repeat(5000)}b`, new Map())).to.equal(false)
  })

  it('agrees with a regular expression on any short pattern', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 })
    fc.assert(
      fc.property(word, word, (pattern, text) => {
        const source = pattern.replaceAll('*', '[^]*').replaceAll('?', '[^]')
        expect(matchesPattern(pattern, text, new Map())).to.equal(
          new RegExp(`^${source}$`).test(text),
        )
      }),
    )
  })
})

describe('decide', () => {
  const ask = (statement: object, action = 's3:GetObject', resource = 'arn:aws:s3:::b/k'): string =>
    decide([parsePolicy(new JsonNode({ Statement: statement }, 'policy'), 'permissions')], {
      action,
      resource,
      context: CONTEXT,
    })
  const allow = { Effect: 'Allow', Action: 's3:*', Resource: '*' }

  for (const { says, statement, expected } of [
    { says: 'what is named', statement: allow, expected: 'allow' },
    {
      says: 'actions whatever their case',
      statement: { ...allow, Action: 'S3:getobject' },
      expected: 'allow',
    },
    {
      says: 'another resource',
      statement: { ...allow, Resource: 'arn:aws:s3:::c/*' },
      expected: 'none',
    },
    {
      says: 'a denial beside it',
      statement: [allow, { ...allow, Effect: 'Deny' }],
      expected: 'deny',
    },
    {
      says: 'NotAction',
      statement: { Effect: 'Allow', NotAction: 's3:Put*', Resource: '*' },
      expected: 'allow',
    },
    {
      says: 'NotResource',
      statement: { Effect: 'Allow', Action: '*', NotResource: 'arn:aws:s3:::b/*' },
      expected: 'none',
    },
  ]) {
    it(`says ${expected} for ${says}`, () => {
      expect(ask(statement)).to.equal(expected)
    })
  }

  const TEAM = 'aws:PrincipalTag/team'
  const ISSUED = 'aws:TokenIssueTime'
  for (const { condition, expected } of [
    { condition: { StringEquals: { [TEAM]: 'pay*ments' } }, expected: 'allow' },
    { condition: { StringEquals: { [TEAM]: 'pay?ments' } }, expected: 'none' },
    { condition: { StringLike: { [TEAM]: 'pay*' } }, expected: 'allow' },
    { condition: { StringNotEquals: { [TEAM]: ['other', 'pay*ments'] } }, expected: 'none' },
    { condition: { StringNotEquals: { 'aws:none': 'x' } }, expected: 'allow' },
    { condition: { StringEquals: { 'aws:none': 'x' } }, expected: 'none' },
    { condition: { StringEqualsIfExists: { 'aws:none': 'x' } }, expected: 'allow' },
    { condition: { StringEqualsIgnoreCase: { [TEAM]: 'PAY*MENTS' } }, expected: 'allow' },
    { condition: { Null: { 'aws:none': true } }, expected: 'allow' },
    { condition: { Null: { [TEAM]: 'true' } }, expected: 'none' },
    { condition: { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['b', 'z'] } }, expected: 'allow' },
    { condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['b', 'z'] } }, expected: 'none' },
    { condition: { 'ForAllValues:StringEquals': { 'aws:none': 'b' } }, expected: 'allow' },
    {
      condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:rolesanywhere:*:1:trust-anchor/*' } },
      expected: 'allow',
    },
    { condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:*:trust-anchor/x' } }, expected: 'none' },
    { condition: { DateLessThan: { [ISSUED]: '2026-06-01T12:00:01Z' } }, expected: 'allow' },
    { condition: { DateLessThan: { [ISSUED]: '2026-06-01T12:00:00Z' } }, expected: 'none' },
    { condition: { DateLessThanEquals: { [ISSUED]: '2026-06-01T12:00:00Z' } }, expected: 'allow' },
    { condition: { DateEquals: { [ISSUED]: '2026-06-01T14:00:00+02:00' } }, expected: 'allow' },
    { condition: { DateNotEquals: { [ISSUED]: '2026-06-01T12:00:00Z' } }, expected: 'none' },
    { condition: { DateGreaterThan: { [ISSUED]: '2026-06-01' } }, expected: 'allow' },
    { condition: { DateGreaterThanEquals: { [ISSUED]: 1780315200 } }, expected: 'allow' },
    { condition: { DateGreaterThan: { [ISSUED]: '2027' } }, expected: 'none' },
    { condition: { DateLessThan: { 'aws:none': '2027' } }, expected: 'none' },
    { condition: { DateLessThanIfExists: { 'aws:none': '2027' } }, expected: 'allow' },
    { condition: { DateNotEquals: { 'aws:none': '2027' } }, expected: 'allow' },
    { condition: { NumericLessThan: { 'aws:EpochTime': 1780315201 } }, expected: 'allow' },
    { condition: { NumericGreaterThan: { 'aws:EpochTime': '1780315200' } }, expected: 'none' },
    { condition: { NumericEquals: { 'aws:EpochTime': [1, 1780315200.0] } }, expected: 'allow' },
    { condition: { NumericNotEquals: { 'aws:EpochTime': [1, 1780315200] } }, expected: 'none' },
    { condition: { NumericGreaterThan: { [TEAM]: 0 } }, expected: 'none' },
    { condition: { StringLike: { [TEAM]: 'pay*' }, Null: { [TEAM]: 'true' } }, expected: 'none' },
  ]) {
    it(`says ${expected} under ${JSON.stringify(condition)}`, () => {
      expect(ask({ ...allow, Condition: condition })).to.equal(expected)
    })
  }

  for (const statement of [
    { ...allow, Condition: { IpAddress: { a: '10.0.0.0/8' } } },
    { ...allow, Condition: { DateLesThan: { a: '2026' } } },
    { ...allow, Condition: { 'ForSomeValues:StringEquals': { a: 'b' } } },
    { ...allow, Condition: { DateLessThan: { a: 'tomorrow' } } },
    { ...allow, Condition: { DateLessThan: { a: '2026-13-01' } } },
    { ...allow, Condition: { NumericEquals: { a: 'one' } } },
    { ...allow, Condition: { Bool: { a: 'yes' } } },
    { ...allow, Condition: { Null: { a: 'maybe' } } },
    { ...allow, Condition: { constructor: { a: 'b' } } },
    { ...allow, Effect: 'Maybe' },
    { ...allow, Principal: '*' },
    { Effect: 'Allow', Action: 's3:*' },
    { Effect: 'Allow', Resource: '*' },
    'text',
  ]) {
    it(`does not half-read ${JSON.stringify(statement)}`, () => {
      throwsWithCode(() => ask(statement as object), 'ERR_RA_EMULATOR_STATE_INVALID')
    })
  }
})
