import { expect } from 'chai'
import fc from 'fast-check'
import { RolesAnywhereError } from '../../../src/errors.js'
import { parseArn, resolveTarget } from '../../../src/protocol/arn.js'
import { throwsWithCode } from '../../support/rejects.js'

const ID = '6f6f1d1c-3a52-4a6e-9f0e-0c7d9e3b1a21'
const arns = {
  trustAnchorArn: `arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/${ID}`,
  profileArn: `arn:aws:rolesanywhere:eu-central-1:123456789012:profile/${ID}`,
  roleArn: 'arn:aws:iam::123456789012:role/team-a/bucket-lister',
}

describe('parseArn', () => {
  it('takes an ARN apart, colons in the resource included', () => {
    expect(parseArn('arn:aws-cn:logs:cn-north-1:123456789012:log-group:a:*', 'x')).to.deep.equal({
      partition: 'aws-cn',
      service: 'logs',
      region: 'cn-north-1',
      account: '123456789012',
      resource: 'log-group:a:*',
    })
  })

  it('takes the longest ARN that the service takes, and none that is longer', () => {
    const longest = arns.profileArn.padEnd(1011, 'x')
    expect(parseArn(longest, 'x').service).to.equal('rolesanywhere')
    throwsWithCode(() => parseArn(`${longest}x`, 'x'), 'ERR_RA_ARN_INVALID')
  })

  for (const text of [
    '',
    'arn',
    'arn:aws:iam::123456789012:',
    'arn:aws:iam::123456789012',
    'ARN:aws:iam::123456789012:role/r',
    'arn:azure:iam::123456789012:role/r',
    'arn:aws-:iam::123456789012:role/r',
    'arn::iam::123456789012:role/r',
    'arn:aws:::123456789012:role/r',
    'arn:aws:iam::12345678901:role/r',
    'arn:aws:iam::1234-5678-9012:role/r',
    'arn:aws:iam:EU:123456789012:role/r',
    'arn:aws:iam:a.b:123456789012:role/r',
    ' arn:aws:iam::123456789012:role/r',
    'arn:aws:iam::123456789012:role/r\n',
    'arn:aws:iam::123456789012:role/r\u0000',
    'arn:aws:iam::123456789012:role/a b',
    'arn:aws:iam::123456789012:role/\u202er',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const error = throwsWithCode(() => parseArn(text, 'thing (--flag)'), 'ERR_RA_ARN_INVALID')
      expect(error.message).to.match(/^thing \(--flag\): /)
      expect(error.hint).to.be.a('string')
    })
  }

  it('answers any text with an ARN or with its own error', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('arn', 'aws', '-', ':', 'iam', '1', '/'))
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, (value) => {
        try {
          const { partition, service, region, account, resource } = parseArn(value, 'x')
          expect(['arn', partition, service, region, account, resource].join(':')).to.equal(value)
        } catch (error) {
          if (!(error instanceof RolesAnywhereError)) throw error
        }
      }),
    )
  })
})

describe('resolveTarget', () => {
  it("goes to the trust anchor's region", () => {
    expect(resolveTarget(arns)).to.deep.equal({
      partition: 'aws',
      region: 'eu-central-1',
      useFips: false,
      account: '123456789012',
    })
  })

  it('goes to the region that was set, when one was', () => {
    expect(resolveTarget({ ...arns, region: 'eu-west-1' }).region).to.equal('eu-west-1')
  })

  it('keeps the FIPS of a pseudo-region apart from the region', () => {
    const { region, useFips } = resolveTarget({ ...arns, region: 'fips-us-east-1' })
    expect({ region, useFips }).to.deep.equal({ region: 'us-east-1', useFips: true })
  })

  it('takes ARNs of partitions and regions that it does not know', () => {
    const moved = Object.fromEntries(
      Object.entries(arns).map(([name, arn]) => [
        name,
        arn.replace(':aws:', ':aws-new:').replace('eu-central-1', 'newland-1'),
      ]),
    ) as typeof arns
    expect(resolveTarget(moved)).to.include({ partition: 'aws-new', region: 'newland-1' })
  })

  for (const { name, change, flag } of [
    {
      name: 'a profile in the place of the trust anchor',
      change: { trustAnchorArn: arns.profileArn },
      flag: '--trust-anchor-arn',
    },
    {
      name: 'a trust anchor in the place of the profile',
      change: { profileArn: arns.trustAnchorArn },
      flag: '--profile-arn',
    },
    {
      name: 'an instance profile in the place of the profile',
      change: { profileArn: 'arn:aws:iam::123456789012:instance-profile/p' },
      flag: '--profile-arn',
    },
    {
      name: 'a profile without an id',
      change: { profileArn: 'arn:aws:rolesanywhere:eu-central-1:123456789012:profile/' },
      flag: '--profile-arn',
    },
    {
      name: 'a trust anchor without a region',
      change: { trustAnchorArn: `arn:aws:rolesanywhere::123456789012:trust-anchor/${ID}` },
      flag: '--trust-anchor-arn',
    },
    {
      name: 'an assumed role in the place of the role',
      change: { roleArn: 'arn:aws:sts::123456789012:assumed-role/r/session' },
      flag: '--role-arn',
    },
    {
      name: 'a role with a region',
      change: { roleArn: 'arn:aws:iam:eu-central-1:123456789012:role/r' },
      flag: '--role-arn',
    },
    {
      name: 'a role without an account',
      change: { roleArn: 'arn:aws:iam:::role/r' },
      flag: '--role-arn',
    },
  ]) {
    it(`refuses ${name}, naming ${flag}`, () => {
      const error = throwsWithCode(
        () => resolveTarget({ ...arns, ...change }),
        'ERR_RA_ARN_INVALID',
      )
      expect(error.message).to.include(flag)
    })
  }

  it('sees that two flags changed places', () => {
    const swapped = { ...arns, profileArn: arns.trustAnchorArn }
    const error = throwsWithCode(() => resolveTarget(swapped), 'ERR_RA_ARN_INVALID')
    expect(error.hint).to.include('--trust-anchor-arn')
  })

  for (const { name, change } of [
    {
      name: 'a profile in another region than the trust anchor',
      change: { profileArn: arns.profileArn.replace('eu-central-1', 'eu-west-1') },
    },
    {
      name: 'a profile in another account',
      change: { profileArn: arns.profileArn.replace('123456789012', '210987654321') },
    },
    {
      name: 'a role in another account',
      change: { roleArn: arns.roleArn.replace('123456789012', '210987654321') },
    },
    {
      name: 'a profile in another partition',
      change: { profileArn: arns.profileArn.replace(':aws:', ':aws-us-gov:') },
    },
    {
      name: 'a role in another partition',
      change: { roleArn: arns.roleArn.replace(':aws:', ':aws-us-gov:') },
    },
    {
      name: 'a region that is not in the partition',
      change: {
        trustAnchorArn: arns.trustAnchorArn.replace('eu-central-1', 'us-gov-west-1'),
        profileArn: arns.profileArn.replace('eu-central-1', 'us-gov-west-1'),
      },
    },
  ]) {
    it(`refuses ${name}, and says what to do`, () => {
      const error = throwsWithCode(
        () => resolveTarget({ ...arns, ...change }),
        'ERR_RA_ARN_MISMATCH',
      )
      expect(error.hint).to.be.a('string')
    })
  }

  it('refuses a region that is no region', () => {
    const params = { ...arns, region: 'evil.example/' }
    throwsWithCode(() => resolveTarget(params), 'ERR_RA_SETTING_INVALID')
  })
})
