import { expect } from 'chai'
import type { ServiceAccountRule } from '../../../src/ecr/registry-config.js'
import { ROLE_ANNOTATION, serviceAccountRole } from '../../../src/ecr/service-account-role.js'
import { throwsWithCode } from '../../support/rejects.js'

const AT = new Date('2026-06-01T12:00:00Z')
const ROLE = 'arn:aws:iam::123456789012:role/team'
const RULES: readonly ServiceAccountRule[] = [
  { namespace: 'shop', name: 'web', roles: [{ roleArn: ROLE, profileArn: 'arn:profile' }] },
  { namespace: 'lab', name: '*', roles: [{ roleArn: ROLE }] },
]

const tokenFor = (claims: object): string => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`
}
const claims = (sub: string, exp = AT.getTime() / 1000 + 600): object => ({ sub, exp })
const WEB = tokenFor(claims('system:serviceaccount:shop:web'))
const asking = (roleArn = ROLE) => ({ serviceAccountAnnotations: { [ROLE_ANNOTATION]: roleArn } })
const request = { apiVersion: 'v1', image: 'x' }

describe('serviceAccountRole', () => {
  it("is the node's own role without rules and without a token", () => {
    expect(serviceAccountRole(request, undefined, AT)).to.equal(undefined)
  })

  it('is the role that the annotation names, as the rule has it', () => {
    const given = { ...request, serviceAccountToken: WEB, ...asking() }
    expect(serviceAccountRole(given, RULES, AT)).to.equal(RULES[0]?.roles[0])
  })

  it('lets a rule speak for all service accounts of a namespace', () => {
    const serviceAccountToken = tokenFor(claims('system:serviceaccount:lab:anybody'))
    const given = { ...request, serviceAccountToken, ...asking() }
    expect(serviceAccountRole(given, RULES, AT)?.roleArn).to.equal(ROLE)
  })

  for (const [what, given, rules] of [
    ['rules without a token', {}, RULES],
    ['rules without a token, though an annotation names a role', asking(), RULES],
    ['a token without rules', { serviceAccountToken: WEB, ...asking() }, undefined],
    ['a token with no rule at all', { serviceAccountToken: WEB, ...asking() }, []],
    ['no annotation', { serviceAccountToken: WEB }, RULES],
    ['an empty annotation', { serviceAccountToken: WEB, ...asking('') }, RULES],
    ['a role that is not allowed', { serviceAccountToken: WEB, ...asking(`${ROLE}2`) }, RULES],
    [
      'another service account',
      { serviceAccountToken: tokenFor(claims('system:serviceaccount:shop:db')), ...asking() },
      RULES,
    ],
    [
      'another namespace',
      { serviceAccountToken: tokenFor(claims('system:serviceaccount:other:web')), ...asking() },
      RULES,
    ],
    [
      'a token that has expired',
      {
        serviceAccountToken: tokenFor(
          claims('system:serviceaccount:shop:web', AT.getTime() / 1000),
        ),
        ...asking(),
      },
      RULES,
    ],
    [
      'a token without an end',
      { serviceAccountToken: tokenFor({ sub: 'system:serviceaccount:shop:web' }), ...asking() },
      RULES,
    ],
    [
      'the token of a user',
      { serviceAccountToken: tokenFor(claims('shop:web')), ...asking() },
      RULES,
    ],
    ['a token that is none', { serviceAccountToken: 'secret-token', ...asking() }, RULES],
    ['a token of rubbish', { serviceAccountToken: 'a.%%%.c', ...asking() }, RULES],
  ] as const) {
    it(`refuses ${what}`, () => {
      const error = throwsWithCode(
        () => serviceAccountRole({ ...request, ...given }, rules, AT),
        'ERR_RA_ECR_TOKEN_DENIED',
      )
      expect(error.message).to.not.include('secret-token')
    })
  }
})
