import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromIni, fromProcess } from '@aws-sdk/credential-providers'
import { expect } from 'chai'
import type { Emulator } from '../../src/emulator/index.js'
import { ARNS, IDENTITY_FLAGS, startAws, targetFlags } from '../support/aws.js'
import { certPath } from '../support/certs.js'
import { withAwsEnvironment } from '../support/environment.js'
import { BUCKET_LISTER, endPrograms, PROGRAM, start } from '../support/program.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const REGION = 'eu-central-1'
const PROFILE = 'app'

describe('the AWS SDK for JavaScript, as a caller of credential-process', () => {
  const folder = temporaryFolder()
  let aws: Emulator
  /** What the SDK's own process needs to find the profile. */
  let env: Readonly<Record<string, string>>

  before(async () => {
    aws = await startAws()
  })
  after(async () => aws.close())
  beforeEach(() => {
    env = {
      AWS_PROFILE: PROFILE,
      AWS_CONFIG_FILE: join(folder.path, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_REGION: REGION,
    }
  })
  afterEach(endPrograms)

  const quoted = (words: readonly string[]): string => words.map((word) => `"${word}"`).join(' ')

  async function writeProfile(line: string, more: readonly string[] = []): Promise<void> {
    const lines = [`[profile ${PROFILE}]`, `credential_process = ${line}`, ...more, '']
    await writeFile(join(folder.path, 'config'), lines.join('\n'))
  }

  const command = (...flags: string[]): string[] => [
    process.execPath,
    PROGRAM,
    'credential-process',
    ...flags,
  ]
  const goodCommand = (): string => quoted(command(...IDENTITY_FLAGS, ...targetFlags(aws.url)))

  for (const [name, provider] of [
    ['fromProcess', () => fromProcess({ profile: PROFILE, ignoreCache: true })],
    ['fromIni', () => fromIni({ profile: PROFILE, ignoreCache: true })],
  ] as const) {
    it(`${name} takes the session as it is`, async () => {
      await writeProfile(goodCommand())
      const { accessKeyId, expiration } = await withAwsEnvironment(env, provider())
      const issued = aws.sessions.at(-1)
      expect(accessKeyId).to.equal(issued?.accessKeyId)
      expect(expiration?.getTime()).to.be.closeTo(Date.now() + 3_600_000, 60_000)
    })
  }

  it('signs requests with it that AWS accepts', async () => {
    await writeProfile(goodCommand())
    await withAwsEnvironment(env, async () => {
      const credentials = fromProcess({ profile: PROFILE, ignoreCache: true })
      const sts = new STSClient({ region: REGION, endpoint: aws.url, maxAttempts: 1, credentials })
      const { Arn } = await sts.send(new GetCallerIdentityCommand({}))
      expect(Arn).to.match(/^arn:aws:sts::123456789012:assumed-role\/app\//)
      sts.destroy()
    })
  })

  it('finds it in the default chain of an application that knows nothing of it', async () => {
    await writeProfile(goodCommand())
    const lister = start([BUCKET_LISTER, '--json'], { ...env, AWS_ENDPOINT_URL: aws.url })
    const { status, stdout, stderr } = await lister.finished()
    expect(stderr).to.equal('')
    expect(status).to.equal(0)
    const listing = JSON.parse(stdout) as { caller: string; buckets: { name: string }[] }
    expect(listing.caller).to.match(/:assumed-role\/app\//)
    expect(listing.buckets.map(({ name }) => name)).to.deep.equal(['invoices', 'receipts'])
  })

  it('takes its settings from the same profile', async () => {
    await writeProfile(quoted(command('--config-profile', PROFILE)), [
      `rolesanywhere_certificate = ${certPath('ec-p256.pem')}`,
      `rolesanywhere_private_key = ${certPath('ec-p256.key.pem')}`,
      `rolesanywhere_trust_anchor_arn = ${ARNS.trustAnchor}`,
      `rolesanywhere_profile_arn = ${ARNS.profile}`,
      `rolesanywhere_role_arn = ${ARNS.reports}`,
      `rolesanywhere_endpoint = ${aws.url}`,
    ])
    await withAwsEnvironment(env, fromProcess({ profile: PROFILE, ignoreCache: true }))
    expect(aws.sessions.at(-1)?.assumedRoleArn).to.match(/:assumed-role\/reports\//)
  })

  it('starts it from a path with a space', async () => {
    const place = join(folder.path, 'Program Files')
    await mkdir(place)
    await symlink(dirname(PROGRAM), join(place, 'bin'))
    const program = [process.execPath, join(place, 'bin', 'rolesanywhere.cjs')]
    const flags = ['credential-process', ...IDENTITY_FLAGS, ...targetFlags(aws.url)]
    await writeProfile(quoted([...program, ...flags]))
    const provider = fromProcess({ profile: PROFILE, ignoreCache: true })
    expect((await withAwsEnvironment(env, provider)).accessKeyId).to.match(/^ASIA/)
  })

  it('fails with the reason in the error, and no credentials', async () => {
    const strange = `${ARNS.role}-of-others`
    await writeProfile(goodCommand().replace(`"${ARNS.role}"`, `"${strange}"`))
    const provider = fromProcess({ profile: PROFILE, ignoreCache: true })
    const error = await withAwsEnvironment(env, provider).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(Error)
    expect(String(error)).to.include('ERR_RA_SESSION_DENIED')
  })
})
