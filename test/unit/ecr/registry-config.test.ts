import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseRegistryConfig, readRegistryConfig } from '../../../src/ecr/registry-config.js'
import { parseRegistryHost } from '../../../src/ecr/registry-host.js'
import { registryRoles } from '../../../src/ecr/registry-roles.js'
import { HOST } from '../../support/ecr.js'
import { throwsWithCode } from '../../support/rejects.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const ROLE = 'arn:aws:iam::123456789012:role/one'
const registryOf = (host: string) => {
  const found = parseRegistryHost(host)
  if (!found) throw new Error(host)
  return found.registry
}

describe('parseRegistryConfig', () => {
  it('chooses the most particular role', () => {
    const { roles } = parseRegistryConfig(
      {
        roles: {
          '123456789012': 'account',
          '123456789012/eu-central-1': { roleArn: 'region', profileArn: 'p', trustAnchorArn: 't' },
          public: 'public',
        },
      },
      'test',
    )
    const { roleFor } = registryRoles(roles)
    expect(roleFor(registryOf(HOST))).to.deep.equal({
      roleArn: 'region',
      profileArn: 'p',
      trustAnchorArn: 't',
    })
    const role = (host: string) => roleFor(registryOf(host))?.roleArn
    expect(role('123456789012.dkr.ecr.us-west-2.amazonaws.com')).to.equal('account')
    expect(role('123456789012.dkr-ecr.us-west-2.on.aws')).to.equal('account')
    expect(role('public.ecr.aws')).to.equal('public')
    expect(role('210987654321.dkr.ecr.us-west-2.amazonaws.com')).to.equal(undefined)
  })

  it('reads aliases', () => {
    const { aliases } = parseRegistryConfig({ aliases: { 'images.example.com': HOST } }, 'test')
    expect(parseRegistryHost('images.example.com/app', aliases)?.registry).to.deep.equal(
      registryOf(HOST),
    )
  })

  for (const [what, document] of [
    ['a list', []],
    ['null', null],
    ['an unknown member', { role: {} }],
    ['aliases that are a list', { aliases: [] }],
    ['an alias in upper case', { aliases: { 'A.example': HOST } }],
    ['an alias with a path', { aliases: { 'a.example/x': HOST } }],
    ['an alias to a stranger', { aliases: { 'a.example': 'b.example' } }],
    ['an alias that is ECR', { aliases: { [HOST]: 'public.ecr.aws' } }],
    ['an account of eleven digits', { roles: { '12345678901': ROLE } }],
    ['a host in place of an account', { roles: { [HOST]: ROLE } }],
    ['a role without an ARN', { roles: { public: {} } }],
    ['a role with more', { roles: { public: { roleArn: ROLE, region: 'x' } } }],
    ['service accounts that are no list', { serviceAccounts: {} }],
    ['a rule without roles', { serviceAccounts: [{ namespace: 'a', name: 'b', roles: [] }] }],
    [
      'a rule for all namespaces',
      { serviceAccounts: [{ namespace: '*', name: 'b', roles: [ROLE] }] },
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      throwsWithCode(() => parseRegistryConfig(document, 'test'), 'ERR_RA_ECR_CONFIG_INVALID')
    })
  }
})

describe('readRegistryConfig', () => {
  const folder = temporaryFolder()

  it('names the file that is wrong, and quotes none of it', async () => {
    const path = join(folder.path, 'registries.json')
    throwsWithCode(() => readRegistryConfig(path), 'ERR_RA_ECR_CONFIG_INVALID')
    throwsWithCode(() => readRegistryConfig(folder.path), 'ERR_RA_ECR_CONFIG_INVALID')
    await writeFile(path, 'secret words')
    const error = throwsWithCode(() => readRegistryConfig(path), 'ERR_RA_ECR_CONFIG_INVALID')
    expect(error.message).to.include(path).and.not.include('secret')
    await writeFile(path, '{}')
    expect(readRegistryConfig(path).roles.size).to.equal(0)
  })
})
