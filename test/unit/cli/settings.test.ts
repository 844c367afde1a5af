import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { readInjectorConfig } from '../../../sidecar/injector/config/read-config.js'
import { main } from '../../../src/cli/main.js'
import { COMMANDS } from '../../../src/commands.js'
import { loadConfigProfile } from '../../../src/config/config-profile.js'
import { checkProviderConfig } from '../../../src/ecr/check-provider-config.js'
import type { CredentialProviderConfig } from '../../../src/ecr/provider-config.js'
import { recordedIo } from '../../support/io.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const REGION = 'eu-central-1'
const OUTPUTS = {
  TrustAnchorArn: `arn:aws:rolesanywhere:${REGION}:123456789012:trust-anchor/a1`,
  ProfileArn: `arn:aws:rolesanywhere:${REGION}:123456789012:profile/p1`,
  BucketListerRoleArn: 'arn:aws:iam::123456789012:role/lister',
  ImagePullerRoleArn: 'arn:aws:iam::123456789012:role/puller',
  RegistryHost: `123456789012.dkr.ecr.${REGION}.amazonaws.com`,
}
const CDK = JSON.stringify({ RolesAnywhere: OUTPUTS })

interface Said {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

async function settings(text: string, ...args: readonly string[]): Promise<Said> {
  const stdin = (async function* () {
    yield await Promise.resolve(Buffer.from(text))
  })()
  const io = recordedIo({ stdin })
  const status = await main(COMMANDS, ['settings', ...args], io)
  return { status, ...io.written }
}

async function printed(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await settings(CDK, ...args)
  expect(status, stderr).to.equal(0)
  expect(stderr).to.equal('')
  return stdout
}

describe('settings', () => {
  const folder = temporaryFolder()

  const describeStacks = (...names: string[]): string =>
    JSON.stringify({
      Stacks: names.map((StackName) => ({
        StackName,
        Outputs: Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({
          OutputKey,
          OutputValue,
        })),
      })),
    })

  for (const [what, text] of [
    ['describe-stacks', describeStacks('access')],
    ["the CDK's outputs file", JSON.stringify({ Other: { Url: 'x' }, RolesAnywhere: OUTPUTS })],
    [
      'terraform output',
      JSON.stringify({
        trust_anchor_arn: { sensitive: false, type: 'string', value: OUTPUTS.TrustAnchorArn },
        profile_arn: { sensitive: false, type: 'string', value: OUTPUTS.ProfileArn },
        bucket_lister_role_arn: { type: 'string', value: OUTPUTS.BucketListerRoleArn },
        pull_accounts: { type: ['list', 'string'], value: [] },
      }),
    ],
  ] as const) {
    it(`reads ${what}`, async () => {
      const { stdout, stderr } = await settings(text, '--format', 'env')
      expect(stderr).to.equal('')
      expect(stdout.split('\n')).to.deep.equal([
        `ROLESANYWHERE_TRUST_ANCHOR_ARN=${OUTPUTS.TrustAnchorArn}`,
        `ROLESANYWHERE_PROFILE_ARN=${OUTPUTS.ProfileArn}`,
        `ROLESANYWHERE_ROLE_ARN=${OUTPUTS.BucketListerRoleArn}`,
        `AWS_REGION=${REGION}`,
        '',
      ])
    })
  }

  it('reads a file', async () => {
    const path = join(folder.path, 'outputs.json')
    writeFileSync(path, CDK)
    expect((await settings('', path, '--format', 'env')).stdout).to.include('role/lister')
  })

  it('prints a profile that credential-process finds its settings in', async () => {
    const path = join(folder.path, 'config')
    const files = ['--certificate', '/pki/tls.crt', '--private-key', '/pki/tls.key']
    writeFileSync(path, await printed('--format', 'aws-config', '--name', 'app', ...files))
    const { values } = await loadConfigProfile('app', { AWS_CONFIG_FILE: path, HOME: folder.path })
    expect(values).to.include({
      credential_process: 'rolesanywhere credential-process --config-profile app',
      region: REGION,
      rolesanywhere_certificate: '/pki/tls.crt',
      rolesanywhere_private_key: '/pki/tls.key',
      rolesanywhere_trust_anchor_arn: OUTPUTS.TrustAnchorArn,
      rolesanywhere_profile_arn: OUTPUTS.ProfileArn,
      rolesanywhere_role_arn: OUTPUTS.BucketListerRoleArn,
    })
  })

  it('prints flags for serve, quoted for a shell', async () => {
    expect(await printed('--format', 'serve-args', '--certificate', "/it's/tls.crt")).to.equal(
      `--certificate '/it'\\''s/tls.crt' --trust-anchor-arn ${OUTPUTS.TrustAnchorArn} ` +
        `--profile-arn ${OUTPUTS.ProfileArn} --role-arn ${OUTPUTS.BucketListerRoleArn}\n`,
    )
  })

  it('prints a configuration that the injector reads', async () => {
    const { defaults, allow } = readInjectorConfig(await printed('--format', 'injector'), 'x')
    expect(defaults).to.deep.equal({
      'trust-anchor-arn': OUTPUTS.TrustAnchorArn,
      'profile-arn': OUTPUTS.ProfileArn,
      'role-arn': OUTPUTS.BucketListerRoleArn,
      region: REGION,
    })
    expect(allow).to.equal(undefined)
  })

  it('adds an allow-list of that role alone for the namespaces that are named', async () => {
    const text = await printed('--format', 'injector', '--namespace', 'payments')
    expect(readInjectorConfig(text, 'x').allow).to.deep.equal([
      {
        name: 'rolesanywhere',
        namespaces: ['payments'],
        serviceAccounts: ['*'],
        roleArns: [OUTPUTS.BucketListerRoleArn],
        profileArns: [OUTPUTS.ProfileArn],
        trustAnchorArns: [OUTPUTS.TrustAnchorArn],
        certificates: ['*'],
      },
    ])
  })

  it('prints a ConfigMap', async () => {
    expect(parse(await printed('--format', 'config-map', '--name', 'app'))).to.deep.include({
      kind: 'ConfigMap',
      metadata: { name: 'app' },
    })
  })

  it('prints a configuration that the kubelet takes, with the role that pulls', async () => {
    const text = await printed('--format', 'kubelet', '--certificate', '/pki/node.crt')
    const config = parse(text) as CredentialProviderConfig
    expect(checkProviderConfig(config)).to.deep.equal([])
    expect(config.providers[0]!.env).to.deep.include({
      name: 'ROLESANYWHERE_ROLE_ARN',
      value: OUTPUTS.ImagePullerRoleArn,
    })
    expect(config.providers[0]!.matchImages).to.include('*.dkr.ecr.*.amazonaws.com')
    expect(config.providers[0]!.matchImages).not.to.include('*.dkr.ecr.*.amazonaws.com.cn')
  })

  it('prints flags for pull secrets, with the role that pulls', async () => {
    const text = await printed('--format', 'pull-secrets')
    expect(text).to.match(new RegExp(`^--registry ${OUTPUTS.RegistryHost} `))
    expect(text).to.include(`--role-arn ${OUTPUTS.ImagePullerRoleArn}`)
  })

  for (const role of ['image-puller', 'ImagePuller', 'ImagePullerRoleArn']) {
    it(`takes the role by the name ${role}`, async () => {
      expect(await printed('--format', 'env', '--role', role)).to.include('role/puller')
    })
  }

  const without = (...names: string[]): string =>
    JSON.stringify({
      RolesAnywhere: Object.fromEntries(
        Object.entries(OUTPUTS).filter(([name]) => !names.includes(name)),
      ),
    })

  for (const { what, text, args, code, names } of [
    { what: 'no JSON', text: 'x', code: 'ERR_RA_INPUT_INVALID', names: 'standard input' },
    { what: 'a list', text: '[]', code: 'ERR_RA_INPUT_INVALID', names: 'standard input' },
    { what: 'no stack', text: '{}', code: 'ERR_RA_INPUT_INVALID', names: 'TrustAnchorArn' },
    {
      what: 'two stacks',
      text: describeStacks('a', 'b'),
      code: 'ERR_RA_INPUT_INVALID',
      names: '--stack: a, b',
    },
    {
      what: 'another stack',
      text: CDK,
      args: ['--stack', 'Other'],
      code: 'ERR_RA_INPUT_INVALID',
      names: 'RolesAnywhere',
    },
    {
      what: 'no profile',
      text: without('ProfileArn'),
      code: 'ERR_RA_SETTING_MISSING',
      names: 'ProfileArn',
    },
    {
      what: 'no role',
      text: without('BucketListerRoleArn', 'ImagePullerRoleArn'),
      code: 'ERR_RA_SETTING_MISSING',
      names: 'BucketListerRoleArn',
    },
    {
      what: 'no registry',
      text: without('RegistryHost'),
      args: ['--format', 'pull-secrets'],
      code: 'ERR_RA_SETTING_MISSING',
      names: 'RegistryHost',
    },
    {
      what: 'another role',
      text: CDK,
      args: ['--role', 'admin'],
      code: 'ERR_RA_SETTING_MISSING',
      names: 'ImagePullerRoleArn',
    },
    {
      what: 'an ARN that is none',
      text: CDK.replace(OUTPUTS.ProfileArn, 'p1'),
      code: 'ERR_RA_ARN_INVALID',
      names: 'profile',
    },
    {
      what: 'a format',
      text: CDK,
      args: ['--format', 'xml'],
      code: 'ERR_RA_FLAG_INVALID',
      names: 'aws-config',
    },
    {
      what: 'a name',
      text: CDK,
      args: ['--name', 'a]\nb'],
      code: 'ERR_RA_FLAG_INVALID',
      names: '--name',
    },
    {
      what: 'a line break in a path',
      text: CDK,
      args: ['--certificate', 'a\nrolesanywhere_role_arn = x'],
      code: 'ERR_RA_FLAG_INVALID',
      names: '--certificate',
    },
    {
      what: 'a relative path on a node',
      text: CDK,
      args: ['--format', 'kubelet', '--certificate', 'tls.crt'],
      code: 'ERR_RA_SETTING_INVALID',
      names: '--certificate',
    },
  ]) {
    it(`refuses ${what}, naming it`, async () => {
      const { status, stdout, stderr } = await settings(text, '--format', 'env', ...(args ?? []))
      expect(status).not.to.equal(0)
      expect(stdout).to.equal('')
      expect(stderr).to.include(code).and.include(names)
    })
  }
})
