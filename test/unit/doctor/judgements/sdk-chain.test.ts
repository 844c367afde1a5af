import { expect } from 'chai'
import {
  judgeSource,
  judgeWinner,
  viewSdkChain,
} from '../../../../src/doctor/judgements/sdk-chain.js'
import type { AwsFile, AwsProfiles } from '../../../../src/doctor/probes/aws-profiles.js'
import type { FileFacts } from '../../../../src/doctor/probes/file-facts.js'

const AT = new Date('2026-06-01T12:00:00Z')
const OURS = 'rolesanywhere credential-process --config-profile app'
const KEYS = { aws_access_key_id: 'canary', aws_secret_access_key: 'canary' }
const FULL_URI = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9911/v1/credentials' }
const ENV_KEYS = { AWS_ACCESS_KEY_ID: 'canary', AWS_SECRET_ACCESS_KEY: 'canary' }

const profiles = (
  config: AwsFile['sections'] = {},
  credentials: AwsFile['sections'] = {},
  modifiedAt = AT,
): AwsProfiles => ({
  config: { path: '/a/config', sections: config },
  credentials: { path: '/a/credentials', sections: credentials, modifiedAt },
})

/** Every line that the report would have, with its status. */
function lines(
  env: Readonly<Record<string, string>>,
  files = profiles(),
  tokenFile?: FileFacts,
): readonly string[] {
  const view = viewSdkChain(env, files, AT, tokenFile)
  const findings = view.sources.map((source) => judgeSource(source, view))
  return [...findings, judgeWinner(view, env)].flatMap((finding) =>
    finding ? [`${finding.status}: ${finding.message}`] : [],
  )
}

describe('what AWS SDKs would use', () => {
  it('is nothing where nothing is configured', () => {
    expect(lines({})).to.deep.equal([
      'skipped: nothing is configured for AWS SDKs in this environment',
    ])
  })

  it('is the credential server where only its URI is set', () => {
    expect(lines(FULL_URI)).to.deep.equal([
      'ok: AWS_CONTAINER_CREDENTIALS_FULL_URI is set: 127.0.0.1:9911',
      'ok: AWS SDKs use the container credentials endpoint, which is this program',
    ])
  })

  for (const line of [
    OURS,
    '"/opt/with space/rolesanywhere" credential-process',
    '/opt/rolesanywhere credential-process --role-arn x',
    'node /opt/rolesanywhere.cjs credential-process',
  ]) {
    it(`is this program where the profile has ${line}`, () => {
      const found = lines({}, profiles({ default: { credential_process: line } }))
      expect(found.at(-1)).to.equal('ok: AWS SDKs use the profile, which is this program')
    })
  }

  it('is not this program where the profile starts another', () => {
    const line = 'aws_signing_helper credential-process --certificate canary'
    const found = lines({}, profiles({ default: { credential_process: line } }))
    expect(found).to.deep.equal([
      'ok: profile "default" of the config file has credential_process: aws_signing_helper',
      'warning: AWS SDKs use the profile, which is not this program',
    ])
  })

  it('is keys of the credentials file that shadow the credential_process', () => {
    const files = profiles({ app: { credential_process: OURS } }, { app: KEYS })
    const [shadowed] = lines({ AWS_PROFILE: 'app' }, files)
    expect(shadowed).to.equal(
      'warning: profile "app" of the credentials file has keys (aws_access_key_id), which wins over its credential_process',
    )
  })

  for (const [env, what] of [
    [ENV_KEYS, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set'],
    [
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/x', AWS_ROLE_ARN: 'arn:x' },
      'AWS_WEB_IDENTITY_TOKEN_FILE is set',
    ],
    [
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2' },
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set',
    ],
  ] as const) {
    it(`says that ${what}, which comes before the credential server`, () => {
      const found = lines({ ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9911' })
      expect(found[0]).to.equal(`warning: ${what}, which comes before this program's credentials`)
    })
  }

  it('differs between SDKs when both keys and a profile are named', () => {
    const files = profiles({ app: { credential_process: OURS } })
    expect(lines({ ...ENV_KEYS, AWS_PROFILE: 'app' }, files).at(-1)).to.equal(
      'warning: AWS SDKs use the keys in the environment; the SDK for JavaScript uses profile "app"',
    )
  })

  it('names temporary keys that nobody renews', () => {
    const keys = { ...KEYS, aws_session_token: 'canary' }
    const written = (hours: number) => new Date(AT.getTime() - hours * 3_600_000)
    const [fresh] = lines({}, profiles({}, { default: keys }, written(11)))
    const [stale] = lines({}, profiles({}, { default: keys }, written(13)))
    expect(fresh).to.match(/^ok: /)
    expect(stale).to.match(/^warning: .* written 13h ago/)
  })

  it('names the profile to choose when another has the credential_process', () => {
    const view = viewSdkChain({}, profiles({ app: { credential_process: OURS } }), AT)
    expect(judgeWinner(view, {}).hint).to.contain('AWS_PROFILE=app')
  })

  for (const { what, env, token, words } of [
    { what: 'half a pair of keys', env: { AWS_ACCESS_KEY_ID: 'x' }, words: 'without AWS_SECRET' },
    {
      what: 'a token file without a role',
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/x' },
      words: 'without AWS_ROLE_ARN',
    },
    {
      what: 'an empty relative URI',
      env: { ...FULL_URI, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '' },
      words: 'set and empty',
    },
    {
      what: 'a token with a line break',
      env: FULL_URI,
      token: { problem: undefined, bytes: Buffer.from('token\n') },
      words: 'holds a line break',
    },
    {
      what: 'a token file that is not there',
      env: FULL_URI,
      token: { problem: 'ENOENT' },
      words: 'cannot be read (ENOENT)',
    },
    {
      what: 'a metadata endpoint with a slash',
      env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:9911/' },
      words: 'slash at its end',
    },
  ]) {
    it(`warns of ${what}`, () => {
      const tokenFile = token && { path: '/token', isLink: false, ...token }
      const found = lines(env, profiles(), tokenFile)
      expect(found[0])
        .to.match(/^warning: /)
        .and.contain(words)
    })
  }

  it('shows neither keys nor lines of the files', () => {
    const line = 'vault read canary'
    const files = profiles({ default: { credential_process: line } }, { default: KEYS })
    const env = { ...ENV_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://u:canary@h/?t=canary' }
    expect(lines(env, files).join('\n')).to.not.contain('canary')
  })
})
